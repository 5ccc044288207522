"""Wrong systems that the checks of phase 3 must see: ways in, strangers, borrowed recordings."""

import json

from checks.phase3 import test_infrastructure, test_lifetimes, test_state
from checks.phase3.conftest import DATABASE, RECORDING
from drills.phase3._infrastructure import create, server_of
from workbook.course.phase import Phase, find_phase
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.impostor import Impostor
from workbook.learner.store import read_json, write_json
from workbook.measure.traffic import file_of
from workbook.targets.kubernetes import Object

ADMITS_ALL = "for-the-dashboard"
FOREIGN = "00000000-1111-2222-3333-444444444444"


def _policy(name: str, source: Object) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": DATABASE},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [source]}],
        },
    }


# No pod beside the API profits from it, so that one that knocks from there does not see it.
OTHER_NAMESPACE = _policy(
    ADMITS_ALL, {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}
)
ROLE_BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "for-the-night-shift", "namespace": DATABASE},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
    "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "ml-demo"}],
}


def _create(system: System, one: Object) -> None:
    create(server_of(system), one)


def _delete(system: System, one: Object) -> None:
    server_of(system).delete(one["kind"], one["metadata"]["name"])


def _phase(system: System) -> Phase:
    return find_phase(3, system.phase.root, system.choices.target)


def _borrow_refusal(system: System) -> None:
    """What Terraform told a colleague, of a colleague's state."""
    file = _phase(system).state / test_state.REFUSED
    if not file.exists():
        raise NothingToBreak("Nothing has been refused yet.", "./workbook run 3")
    system.keep(file)
    own = file.read_text(encoding="utf-8").rpartition('"lineage"')[0]
    file.write_text(f"{own}{json.dumps({'lineage': FOREIGN})}\n", encoding="utf-8")


def _return_refusal(system: System) -> None:
    system.put_back(_phase(system).state / test_state.REFUSED)


def _borrow_rebuild(system: System) -> None:
    """The recording of a rebuild, from a colleague's cluster."""
    file = file_of(_phase(system).state, RECORDING)
    recording = read_json(file)
    if recording is None:
        raise NothingToBreak("No rebuild has been recorded yet.", "./workbook run 3")
    system.keep(file)
    write_json(file, recording | {"system": recording["system"] | {"cluster": "of a colleague"}})


def _return_rebuild(system: System) -> None:
    system.put_back(file_of(_phase(system).state, RECORDING))


IMPOSTORS = {
    "second-policy": Impostor(
        "A second policy admits every pod of another namespace",
        test_infrastructure.test_private_path_works,
        make=lambda system: _create(system, OTHER_NAMESPACE),
        undo=lambda system: _delete(system, OTHER_NAMESPACE),
    ),
    "rights-beside-the-code": Impostor(
        "A binding lets another namespace change the database's objects",
        test_infrastructure.test_all_is_in_terraform,
        make=lambda system: _create(system, ROLE_BINDING),
        undo=lambda system: _delete(system, ROLE_BINDING),
    ),
    "refusal-of-another-state": Impostor(
        "The refusal of the second apply is of a colleague's state",
        test_state.test_state_is_remote_and_locked,
        make=_borrow_refusal,
        undo=_return_refusal,
    ),
    "rebuild-of-another-cluster": Impostor(
        "The recording of the rebuild is of a colleague's cluster",
        test_lifetimes.test_rebuilt_in_minutes,
        make=_borrow_rebuild,
        undo=_return_rebuild,
    ),
}
