# The shell functions of the lessons: `patiently`, `endpoint` and `refused`.
# Cells have them by prelude.sh, and your own terminal by `eval "$(./workbook env)"` (bash or zsh).

# patiently SECONDS COMMAND [ARGUMENT...]: repeat a command until it succeeds, then print what it
# said. When the time is up, say what was waited for and what the command said last, and fail.
patiently() {
    local seconds=$1 began=$SECONDS said="" timeout=""
    shift
    # one try may hang: a program is ended with the time; a function has programs of its own to end
    if [ -x "$(command -v "$1")" ]; then
        if command -v timeout > /dev/null; then
            timeout=timeout
        elif command -v gtimeout > /dev/null; then # macOS: brew install coreutils
            timeout=gtimeout
        else
            printf 'There is no program timeout here: one try of %s may take longer than %s s.\n' "$1" "$seconds" >&2
        fi
    fi
    until said="$(
        if [ -n "$timeout" ]; then # -k 5: killed where it does not end within 5 s
            "$timeout" -k 5 "$((seconds - (SECONDS - began) + 1))" "$@" 2>&1
        else
            "$@" 2>&1
        fi
    )"; do
        sleep 0.5
        if [ $((SECONDS - began)) -ge "$seconds" ]; then
            printf 'Not within %s s: %s\nIt said last: %s\n' "$seconds" "$*" "${said:-nothing}" >&2
            return 1
        fi
    done
    [ -z "$said" ] || printf '%s\n' "$said"
}

# endpoint: print the address and the port of the pod that is ready behind the Service ml-api.
endpoint() {
    kubectl --namespace ml-demo get endpointslices --selector kubernetes.io/service-name=ml-api --output \
        jsonpath='{.items[0].endpoints[?(@.conditions.ready==true)].addresses[0]}:{.items[0].ports[0].port}'
}

# refused TEXT COMMAND [ARGUMENT...]: run a command that must fail, and print the lines with the text
# that says why. It fails itself if the command succeeds, or fails for another reason.
refused() {
    local text=$1 said=""
    shift
    if said="$("$@" 2>&1)"; then
        printf 'This was not refused: %s\nIt said: %s\n' "$*" "${said:-nothing}" >&2
        return 1
    fi
    if ! printf '%s\n' "$said" | grep -F -e "$text"; then
        printf 'This failed for another reason: %s\nIt said: %s\n' "$*" "${said:-nothing}" >&2
        return 1
    fi
}
