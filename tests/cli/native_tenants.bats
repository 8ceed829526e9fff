# Jobs in C in a project with tenants: the same runs, and the same rows.

load tenant_helper

[ "$(id -u)" -ne 0 ] || PROJECT_CONFIG="{ native: { user: 'root' } }" # as in native_helper

c_job_of_tenants() {
    printf '#include <pinstripe/job.h>\n#include <stdio.h>\nstatic void\nrun(pin_workspace *w)\n{\n%s\n}\nPIN_BACKGROUND_JOB(%s .run = run)\n' "$3" "$2" >"lib/background_jobs/$1.c"
}

readonly NAMES='pin_rows *users = pin_table(w, "users");
    for (pin_row *user; (user = pin_next(users)) != NULL;)
        printf("%s sees %s\n", pin_tenant_name(w), pin_text(user, "name"));'

@test "it runs once for each tenant and sees only that tenant's rows" {
    c_job_of_tenants names '' "$NAMES"
    run_separately "$PINSTRIPE" run-background-job names
    expect_status 0
    [[ $output == *'alpha sees alpha1'*'alpha sees alpha2'*'beta sees beta1'*'gamma sees gamma2'* ]]
    [[ $output != *'alpha sees beta'* ]]
    [ "$(grep -c sees <<<"$output")" -eq 6 ]
}

@test "tenants_filter leaves tenants out, multi_tenant = -1 runs it once over all rows" {
    c_job_of_tenants names '.multi_tenant = true, .tenants_filter = "{\"name\":\"beta\"}",' "$NAMES"
    run pinstripe run-background-job names
    [[ $output == *'beta sees beta1'* && $output != *alpha* && $output != *gamma* ]]
    c_job_of_tenants all '.multi_tenant = -1,' 'printf("%d %d\n", pin_tenant_id(w) == 0, (int)pin_count(pin_table(w, "users")));'
    run pinstripe run-background-job all
    [ "$output" = '1 6' ]
}

@test "what it writes belongs to its tenant" {
    c_job_of_tenants adds '.tenants_filter = "{\"name\":\"alpha\"}",' 'pin_row *u = pin_new(w, "users"); pin_set(u, "name", "new"); pin_save(u);'
    c_job_of_tenants counts '' 'printf("%s %d\n", pin_tenant_name(w), (int)pin_count(pin_table(w, "users")));'
    pinstripe run-background-job adds
    run pinstripe run-background-job counts
    [[ $output == *'alpha 3'*'beta 2'*'gamma 2'* ]]
}

@test "the bot runs a queued one for each tenant that the filter leaves" {
    c_job_of_tenants names '.tenants_filter = "{\"name\":\"beta\"}",' "$NAMES"
    pinstripe enqueue-background-job names
    pinstripe start-bot --once 2>bot.log
    run pinstripe list-runs --job names --json
    [ "$(grep -c '"succeeded"' <<<"$output")" -eq 2 ]
}
