"""The app of the notebook: it answers, judges rightly, and costs nothing without requests."""

import time
from typing import Any

from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.outcome import Finding, Wrong

READ = "notebooks/container-apps-fast-track/README.md"
SECONDS_TO_WAKE = 90  # from zero: a node fetches the image, Python starts, the model is loaded
SENTENCES = {
    "A wonderful film, I loved every minute.": "positive",
    "The worst service that I have ever had.": "negative",
    "Great sound, great price, great little radio.": "positive",
    "It broke after two days and I want my money back.": "negative",
    "Thank you all, this made me very happy.": "positive",
    "A dull and stupid plot with awful dialogue.": "negative",
    "The best coffee in town and a lovely staff.": "positive",
    "Too slow, too loud, too expensive.": "negative",
    "Beautiful pictures and an excellent story.": "positive",
    "I hate it and I want my money back.": "negative",
}
SECONDS_BETWEEN_LOOKS = 1
SHOW = 'eval "$(./workbook env)"; az containerapp show --resource-group "$RG" --name ml-api'
LOGS = (
    'eval "$(./workbook env)"; az containerapp logs show --resource-group "$RG" --name ml-api '
    "--type system"
)


@check(read=f"{READ}#deploy-it")
def test_app_answers(api: Api) -> str:
    """App answers at its address, over TLS"""
    began = time.monotonic()
    while True:
        try:
            response = api.health()
            found = f"{response.status_code} {' '.join(response.text.split())[:120]}"
            if response.status_code == 200:
                return f"{api.address}, after {time.monotonic() - began:.0f} s"
        except Finding as finding:  # no answer yet, or none at all
            found = finding.rows.get("found") or str(finding)
        if time.monotonic() - began > SECONDS_TO_WAKE:
            break
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise Wrong(
        expected=f"GET /health answers 200 within {SECONDS_TO_WAKE} s",
        found=found,
        why="no replica comes up: the image cannot be fetched, or its process ends, or it listens "
        "on another port than the app's target port",
        run_next=LOGS,
    )


@check(read=f"{READ}#deploy-it", after=test_app_answers)
def test_app_predicts(api: Api) -> str:
    """You can make predictions at that address"""
    for sentence, label in SENTENCES.items():
        response = api.predict(sentence)
        if response.status_code != 200 or f'"label":"{label}"' not in response.text:
            raise Wrong(
                expected=f"200 and {label} for {sentence!r}",
                found=f"{response.status_code} {' '.join(response.text.split())[:120]}",
                why="the app runs another image than phase 1, or an image with another model",
                run_next=f"{SHOW} --query properties.template.containers",
            )
    return f"{len(SENTENCES)} sentences judged rightly"


@check(read=f"{READ}#to-zero-and-back", after=test_app_answers)
def test_app_scales_to_zero(app: dict[str, Any], revisions: list[dict[str, Any]]) -> str:
    """App runs one revision, which may scale to zero"""
    names = [revision["name"] for revision in revisions]
    if len(names) != 1:
        raise Wrong(
            expected="one active revision",
            found=", ".join(names) or "none",
            why="several revisions share the requests, and each keeps its own replicas. Without a "
            "revision, nothing answers",
            run_next='eval "$(./workbook env)"; az containerapp revision set-mode '
            '--resource-group "$RG" --name ml-api --mode single',
        )
    if names[0] != app["latestRevisionName"]:
        raise Wrong(
            expected=f"{app['latestRevisionName']}, the newest revision, to be the active one",
            found=names[0],
            why="the newest revision has not started, so the one before goes on answering",
            run_next=LOGS,
        )
    least = app["template"]["scale"].get("minReplicas") or 0  # none is said where it is zero
    if least:
        raise Wrong(
            expected="no replica while there are no requests: --min-replicas 0",
            found=f"at least {least}",
            why="an idle replica costs money day and night",
            run_next='eval "$(./workbook env)"; az containerapp update --resource-group "$RG" '
            "--name ml-api --min-replicas 0",
        )
    return f"{names[0]}, 0 to {app['template']['scale'].get('maxReplicas') or 10} replicas"
