"""No cell of a lesson waits for ever, or for what kubectl cannot wait for."""

import pytest
from az.review import waits
from copies import ROOT

LESSONS = sorted(ROOT.glob("phases/*/README.md")) + sorted(ROOT.glob("notebooks/*/README.md"))
WITHOUT_END = "a loop without an end"
NOT_THERE = "may not exist yet"
WITHOUT_LIMIT = "a connection without a limit"


def found_in(cell: str) -> str:
    return "\n".join(waits({"cell": f"```bash\n{cell}\n```\n"}))


def test_every_wait_of_the_lessons_has_an_end_and_an_object() -> None:
    texts = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in LESSONS}
    assert len(texts) > 5
    assert "\n".join(waits(texts)) == ""


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("until curl -fsS localhost:8000; do sleep 1; done", WITHOUT_END),
        ("while ! curl -fsS localhost:8000; do sleep 1; done", WITHOUT_END),
        ("deploy() {\n  until grep Running state; do sleep 1; done\n}", WITHOUT_END),
        ("workbook traffic 1 x -- sh -c '\n  until kubectl get pod a; do :; done'", WITHOUT_END),
        ("openssl s_client -connect a:5432 < /dev/null && echo let in", WITHOUT_LIMIT),
        ('ends="$(openssl s_client -connect a:5432 | openssl x509)"', WITHOUT_LIMIT),
        ("python - <<'END'\npsycopg2.connect(host=name)\nEND", WITHOUT_LIMIT),
        ("cat > file <<END\n[owner]\nhost=$HOST\nsslrootcert=ca.crt\nEND", WITHOUT_LIMIT),
        ("kubectl wait pod/a --for condition=Ready --timeout 60s", NOT_THERE),
        ("az aks update --name a\nkubectl wait gatewayclass/a --for=condition=Accepted", NOT_THERE),
        ("az aks update --name a\nkubectl get nodes\nkubectl wait node/a --for=create", NOT_THERE),
        ("sh -c 'kubectl --namespace x wait job/a --for condition=Complete'", NOT_THERE),
    ],
)
def test_a_wait_without_end_or_object_is_found(cell: str, says: str) -> None:
    assert says in found_in(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "patiently 60 curl -fsS localhost:8000",
        "patiently 60 openssl s_client -connect a:5432 < /dev/null | openssl x509 -noout",
        "python - <<'END'\npsycopg2.connect(host=name, connect_timeout=10)\nEND",
        "cat > file <<END\n[owner]\nhost=$HOST\nsslrootcert=ca.crt\nconnect_timeout=10\nEND",
        "python -c 'psycopg2.connect(service=\"owner\")'",
        "ls | while read -r name; do echo $name; done",
        "python - <<'END'\nwhile True:\n    break\nEND",
        "kubectl apply --kustomize k8s\nkubectl --namespace x wait job/a --for condition=Complete",
        "kubectl --namespace x get hpa\nkubectl --namespace x wait hpa/a --for condition=Active",
        "kubectl wait pod/a --for=delete --timeout 60s",
        "kubectl wait pod --selector a=b --for delete --timeout 60s",
        "az aks update --name a\npatiently 9 kubectl get a/b\nkubectl wait a/b --for=create",
    ],
)
def test_a_wait_with_an_end_and_an_object_is_right(cell: str) -> None:
    assert found_in(cell) == ""
