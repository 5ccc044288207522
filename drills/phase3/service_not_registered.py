"""Code that needs a service which the subscription may not use yet."""

import subprocess
from pathlib import Path

from checks.phase3.on_azure import APPLIED, refused_services
from checks.phase3.test_infrastructure import test_plan_finds_no_difference
from drills.phase3._infrastructure import HERE_ON_AZURE, initialised
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.errors import WorkbookError
from workbook.targets.azure.client import AzureError, open_azure
from workbook.targets.azure.providers import registered
from workbook.targets.terraform import Root, last_words

FILE = "terraform/azure/settings.tf"
NAMESPACE = "Microsoft.AppConfiguration"
ADDRESS = "azurerm_app_configuration.main"
MEND = "./workbook drill 3 --fix"
CODE = """\
resource "azurerm_app_configuration" "main" {
  name                = "${local.common.name}-settings"
  resource_group_name = local.common.resource_group_name
  location            = local.common.location
  tags                = local.common.tags
  sku                 = "free"
}
"""


def break_it(system: System) -> None:
    root = initialised(system)
    if _file(system).exists():
        raise NothingToBreak(f"{FILE} is there already.", f"git status phases/{system.phase.name}")
    try:
        azure = open_azure(system.phase.root, system.choices)
        is_registered = NAMESPACE in registered(azure)
    except AzureError as error:
        raise NothingToBreak(str(error), error.run_next) from None
    if is_registered:
        raise NothingToBreak(
            f"{NAMESPACE} is registered in the subscription, so nothing would be missing.",
            f"if nothing of yours uses it: az provider unregister --wait --namespace {NAMESPACE} "
            f"--subscription {azure.subscription}",
        )
    if root.run("plan", "-detailed-exitcode", "-lock=false", "-input=false").returncode != 0:
        # an apply might do more than what it is for
        raise NothingToBreak("Code and Azure do not agree to begin with.", "./workbook check 3")
    _file(system).write_text(CODE, encoding="utf-8")
    done = _change(system, root, "apply")
    if NAMESPACE not in refused_services(done.stdout + done.stderr):
        raise WorkbookError(
            f"Azure has not refused it for want of a registration: {_end(done)}", MEND
        )


def fix(system: System) -> None:
    _file(system).unlink(missing_ok=True)
    done = _change(system, initialised(system), "destroy")  # if it was made in the meantime
    if done.returncode != 0:
        raise WorkbookError(f"terraform destroy failed: {_end(done)}", MEND)


def _file(system: System) -> Path:
    return system.phase.directory / FILE


def _change(system: System, root: Root, verb: str) -> "subprocess.CompletedProcess[str]":
    """Make or destroy this one thing, and keep what is said of it, as lesson 3 does."""
    words = ("-auto-approve", "-input=false", "-no-color", f"-target={ADDRESS}")
    done = root.run(verb, *words)
    (system.phase.state / APPLIED).write_text(done.stdout + done.stderr, encoding="utf-8")
    return done


def _end(done: "subprocess.CompletedProcess[str]") -> str:
    return last_words(done.stderr or done.stdout)[-500:]


DRILL = Drill(
    title="“Our settings get their own service. Plan was fine; apply, somehow, was not.”",
    difficulty=3,
    turns_red=test_plan_finds_no_difference,
    hints=(
        "The plan is right: it adds one resource. What does plan ask, and what does apply ask?",
        "The output of the last apply is kept: .workbook/azure/phase3/applied.txt",
        "A new subscription may use few services. az provider show --namespace "
        f"{NAMESPACE} --query registrationState",
    ),
    way_back=(
        "The code is removed again, because this lesson does not need it. To keep it: register\n"
        f"{NAMESPACE} with the line that the check names, write it under\n"
        "resource_providers_to_register in versions.tf, so that the next subscription has it too,\n"
        "and apply.\n"
        f"{HERE_ON_AZURE} plan"
    ),
    break_it=break_it,
    fix=fix,
    targets=("azure",),
)
