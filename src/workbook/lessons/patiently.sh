# patiently SECONDS COMMAND [ARGUMENT...]: repeat a command until it succeeds, then print what it
# said. When the time is up, say what was waited for and what the command said last, and fail.
# Lessons have it by prelude.sh, and your own terminal by `eval "$(./workbook env)"` (bash or zsh).
patiently() {
    local seconds=$1 began=$SECONDS said=""
    shift
    local what="$*"
    # one try may hang: a program is ended with the time; a function has programs of its own to end
    if command -v timeout > /dev/null && [ -x "$(command -v "$1")" ]; then
        set -- timeout "$seconds" "$@"
    fi
    until said="$("$@" 2>&1)"; do
        if [ $((SECONDS - began)) -ge "$seconds" ]; then
            printf 'Not within %s s: %s\nIt said last: %s\n' "$seconds" "$what" "${said:-nothing}" >&2
            return 1
        fi
        sleep 0.5
    done
    [ -z "$said" ] || printf '%s\n' "$said"
}
