"""What Azure refuses, recognised by its own words; docs/azure-refusals.md explains each."""

import re
from dataclasses import dataclass

PAGE = "docs/azure-refusals.md"


@dataclass(frozen=True)
class Refusal:
    """An entry of the page: its anchor, and the words by which it is recognised."""

    anchor: str
    words: str  # a regular expression

    @property
    def link(self) -> str:
        return f"{PAGE}#{self.anchor}"


# The first that fits counts, so what is more specific stands before what is more general.
REFUSALS = (
    Refusal("multi-factor-authentication", r"--claims-challenge|AADSTS5007[69]|MFA is required"),
    Refusal("no-login", r"Please run 'az login'|AADSTS70043|AADSTS700082"),
    Refusal(
        "no-subscription", r"No subscriptions found for|Subscription \S+ not (found|recognized)"
    ),
    Refusal("readonlydisabledsubscription", r"ReadOnlyDisabledSubscription|marked as read only"),
    Refusal("requestdisallowedbypolicy", r"RequestDisallowedByPolicy"),
    Refusal("missingsubscriptionregistration", r"not registered to use namespace"),
    Refusal("authorizationfailed", r"AuthorizationFailed|Are you an Owner on this subscription"),
    Refusal("authorizationpermissionmismatch", r"AuthorizationPermissionMismatch"),
    Refusal(
        "tasksoperationsnotallowed", r"TasksOperationsNotAllowed|ACR Tasks requests .* not perm"
    ),
    Refusal("toomanyrequests", r"toomanyrequests|TOOMANYREQUESTS|pull rate limit"),
    Refusal("vm-size-not-allowed", r"VM size of \S+ is not allowed|SkuNotAvailable"),
    Refusal(
        "insufficientvcpuquota", r"InsufficientVCPUQuota|[Ii]nsufficient vcpu quota|QuotaExceeded"
    ),
    Refusal("allocationfailed", r"(Overconstrained|Zonal)?AllocationFailed"),
    Refusal(
        "locationisofferrestricted",
        r"(Location|Region)IsOfferRestricted|restricted from performing this operation"
        r"|No available SKUs in this location",
    ),
    Refusal("serverisbusy", r"Server(Is)?Busy|is busy (processing|with) another operation"),
    Refusal("server-without-public-access", r"server without public access enabled"),
    Refusal("connection-timed-out", r"port 5432 failed|5432.*timeout expired"),
    Refusal("name-already-used", r"already in use|already used|AlreadyInUse|NameNotAvailable"),
    Refusal("budget-refused", r"Cost management data is not supported|valid offer type"),
    Refusal("stopped-cluster", r"Power ?State\(?.{0,3}Stopped|is stopped|in Stopped state"),
    Refusal(
        "another-operation-in-progress", r"aks-pending-operation|[Aa]nother operation .*in progress"
    ),
    Refusal("needs-to-be-imported", r"needs to be imported into the State"),
    Refusal(
        "role-not-known-yet", r"LinkedAuthorizationFailed|CustomKubeletIdentityMissingPermission"
    ),
    Refusal("imagepullbackoff", r"ImagePullBackOff|ErrImagePull|failed to fetch anonymous token"),
)


def known(said: str) -> Refusal | None:
    """The entry about what az or Terraform said; None where the page has no entry."""
    text = " ".join(said.split())  # Terraform breaks lines anywhere
    return next((each for each in REFUSALS if re.search(each.words, text)), None)


def where_to_read(said: str) -> str:
    """A sentence with the link, to end a message with; "" where nothing is known."""
    refusal = known(said)
    return f" Read {refusal.link}." if refusal else ""
