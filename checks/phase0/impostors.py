"""Wrong systems that the checks of phase 0 must see, wherever the API runs."""

from checks.phase0 import test_api
from checks.phase4.impostors import PATCH_CODE, deployed
from workbook.drills.images import image_with
from workbook.drills.impostor import Impostor

CREDULOUS = PATCH_CODE.format(
    file="api.py",
    old="StringConstraints(min_length=1, max_length=settings.max_characters, pattern=VISIBLE)",
    new="StringConstraints()",
)
IMPOSTORS: dict[str, Impostor] = {
    "answers-to-nothing": deployed(
        "The API judges blank texts, too",
        test_api.test_api_refuses,
        lambda system: image_with(system, "impostor-credulous", CREDULOUS),
    ),
}
