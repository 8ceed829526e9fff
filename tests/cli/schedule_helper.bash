# schedule_helper.bash - for tests of commands on schedules: jobs with schedules, and a bot's decisions at given times.

# A job with schedules: the arguments of this.schedule(), one each.
job_at() {
    local calls
    calls=$(printf 'this.schedule(%s); ' "$@")
    echo "export default { meta(){ $calls}, run(){} };"
}

# What a bot decides at these times; see tests/tools/tick-schedules.c.
tick_schedules() { timeout 60 "${PINSTRIPE%/*}/tests/tick-schedules" "$PWD" "$@"; }

# A project with a store. Arguments as for project_with.
project_with_store() {
    project_with "$@"
    pinstripe migrate-database >/dev/null 2>&1
}

# The first value of each of these members in each line of $output; texts without their quotes.
values() {
    local line key rest found
    # shellcheck disable=SC2154  # bats sets output
    while IFS= read -r line; do
        found=
        for key in "$@"; do
            rest=${line#*"\"$key\":"}
            if [[ $rest == \"* ]]; then
                rest=${rest#\"}
                rest=${rest%%\"*}
            else
                rest=${rest%%[,\}]*}
            fi
            found+="${found:+ }$rest"
        done
        printf '%s\n' "$found"
    done <<<"$output"
}
