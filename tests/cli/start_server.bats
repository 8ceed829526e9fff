# start-server: where it listens, who may ask, deadlines, how it stops, the bot beside, what it says of itself.

load server_helper

@test "wrong addresses are refused with what to do" {
    project_with
    run_separately pinstripe start-server --host nowhere
    expect_status 2
    expect_in_errors 'write HOST:PORT'
    run_separately pinstripe start-server --host '127.0.0.1:1,'
    expect_status 2
    run_separately pinstripe start-server --host '127.0.0.1:65536'
    expect_status 2
    run_separately pinstripe start-server --host 0.0.0.0:0
    expect_status 78
    expect_in_errors 'server: { hosts:'
    view index "return 'x';"
    serve --without-bot
    run_separately pinstripe start-server --host "127.0.0.1:$port"
    expect_status 4
    expect_in_errors 'another program does already'
}

@test "several addresses, and one for operators" {
    view index "return 'x';"
    serve --without-bot --host 127.0.0.1:0 --operators 127.0.0.1:0 # after --host 127.0.0.1:0 of serve
    mapfile -t urls < <(sed -n 's/.*server.listening.*\(http:[^ ]*\) answers.*/\1/p' "$log")
    [ "${#urls[@]}" -eq 3 ]
    for url in "${urls[@]:0:2}"; do
        answers / 200 x
        answers /livez 404 'Not found'
    done
    url=${urls[2]}
    answers /livez 200 alive
    answers /readyz 200 ready
    answers / 404 'Not Found'
}

@test "health and metrics beside the views on this machine" {
    project_with lib/background_jobs/work.js 'export default { run(){} };'
    view index "await this.runBackgroundJob('work'); return 'x';"
    serve
    answers /livez 200 alive
    answers /readyz 200 ready
    for _ in 1 2 3; do answers / 200 x; done
    ask /metrics >"$TEST_FOLDER/metrics"
    has_header 'content-type: text/plain; version=0.0.4; charset=utf-8'
    grep -q -x 'pinstripe_runs_total{job="work",outcome="succeeded"} 3' "$TEST_FOLDER/metrics"
    grep -q -x 'pinstripe_http_requests_total{method="GET",status="200"} 5' "$TEST_FOLDER/metrics"
    grep -q '^pinstripe_bot_last_tick_timestamp_seconds [1-9]' "$TEST_FOLDER/metrics"
}

@test "the bot beside runs what is queued and due; --without-bot does not" {
    project_with lib/background_jobs/tick.js 'export default { meta(){ this.schedule("* * * * * *"); }, run(){ console.log("ticked"); } };' \
        lib/background_jobs/work.js 'export default { run(){ console.log("worked"); } };'
    view go "return this.enqueueBackgroundJob('work');"
    serve
    ask /go >/dev/null
    logged '"msg":"worked"'
    logged '"msg":"ticked"'
    kill -TERM "$server"
    ends 0
    serve --without-bot
    ask /go >/dev/null
    [ "$code" = 200 ]
    kill -TERM "$server"
    ends 0
    run pinstripe list-runs --state queued --json
    [[ $output == *'"job":"work"'* ]]
}

@test "a request that takes too long gets 504, and the job that it waits for goes on" {
    project_with pinstripe.config.js "export default { server: { requestTimeout: '300ms' } };" \
        lib/background_jobs/slow.js 'export default { async run(){ await new Promise(done => setTimeout(done, 900)); console.log("slow job done"); } };'
    view wait "await this.runBackgroundJob('slow'); console.log('view done'); return 'x';"
    view spin "for(;;){}"
    view quick "return 'quick';"
    serve --without-bot
    answers /wait 504 'Gateway Timeout'
    logged 'slow job done'
    logged 'view done'
    answers /spin 504 'Gateway Timeout'
    logged '"outcome":"timed-out"'
    answers /quick 200 quick
}

@test "a client that goes away does not stop the job" {
    project_with lib/background_jobs/slow.js 'export default { async run(){ console.log("begun"); await new Promise(done => setTimeout(done, 600)); console.log("slow job done"); } };'
    view wait "await this.runBackgroundJob('slow'); return 'x';"
    serve --without-bot
    curl -s -m 20 "$url/wait" >/dev/null &
    client=$!
    logged begun
    kill -9 $client
    logged 'slow job done'
    logged 'GET /wait 200'
}

@test "when all processes are taken a request gets 503, soon" {
    project_with lib/background_jobs/slow.js 'export default { async run(){ await new Promise(done => setTimeout(done, 60000)); } };'
    project_with lib/background_jobs/work.js 'export default { run(){ console.log("worked"); } };'
    view wait "await new Promise(done => setTimeout(done, 60000));"
    view quick "return 'quick';"
    serve
    clients=()
    for _ in {1..40}; do curl -s -m 50 "$url/wait" >/dev/null & clients+=($!); done
    logged 'GET /wait 503'
    ask /quick >/dev/null
    [ "$code" = 503 ]
    has_header 'retry-after: 1'
    pinstripe enqueue-background-job work # views that last do not take the jobs' processes
    logged '"msg":"worked"'
    kill -9 "${clients[@]}"
}

@test "the process that holds the project is killed: who comes meanwhile is answered when there is another" {
    view index "return 'x';"
    serve --without-bot
    answers / 200 x
    kill -9 "$(pgrep -P "$server" | head -n 1)"
    for _ in 1 2 3; do
        answers / 200 x -m 0.9
    done
}

@test "asked to stop, it finishes the requests that there are and takes no more" {
    view slow "console.log('slow begun'); await new Promise(done => setTimeout(done, 500)); return 'finished';"
    serve
    curl -s -m 20 "$url/slow" >"$TEST_FOLDER/slow" &
    client=$!
    logged 'slow begun'
    kill -TERM "$server"
    wait $client
    [ "$(cat "$TEST_FOLDER/slow")" = finished ]
    ends 0
    run curl -s -m 5 "$url/slow"
    [ "$status" -eq 7 ]
}

@test "while it stops and a job goes on, it waits: no turn of a loop without a reason" {
    project_with lib/background_jobs/tick.js 'export default { meta(){ this.schedule("* * * * * *"); }, run(){} };' \
        lib/background_jobs/slow.js 'export default { async run(){ console.log("began"); await new Promise(done => setTimeout(done, 4000)); } };'
    view go "return this.enqueueBackgroundJob('slow');"
    serve
    ask /go >/dev/null
    logged '"msg":"began"'
    kill -TERM "$server"
    logged bot.stopping
    sleep 1.2
    before=$(awk '{ print $14 + $15 }' "/proc/$server/stat")
    sleep 1
    after=$(awk '{ print $14 + $15 }' "/proc/$server/stat")
    [ $((after - before)) -lt 30 ] || { echo "$((after - before)) ticks of processor time in a second"; return 1; }
    ends 0
}

@test "a second signal stops at once" {
    view slow "console.log('slow begun'); await new Promise(done => setTimeout(done, 60000)); return 'finished';"
    serve
    curl -s -m 20 "$url/slow" >"$TEST_FOLDER/slow" &
    client=$!
    logged 'slow begun'
    kill -INT "$server"
    logged bot.stopping
    kill -INT "$server"
    ends 130
    wait $client || true
}

@test "a change of a file is picked up in development, and on HUP" {
    view index "return 'old';"
    serve
    answers / 200 old
    view index "return 'new';"
    logged project.reloaded
    answers / 200 new
    kill -TERM "$server"
    ends 0
    serve --no-watch
    answers / 200 new
    view index "return 'newest';"
    kill -HUP "$server"
    logged project.reloaded
    answers / 200 newest
}

@test "without a bot a change is picked up as well, and a project that is broken stays as it was" {
    view index "return 'old';"
    serve --without-bot
    answers / 200 old
    view index "return 'new';"
    logged project.reloaded
    answers / 200 new
    project_with pinstripe.config.js 'export default { multiTenant: 3 };'
    logged project.broken
    answers / 200 new
    kill -TERM "$server"
    ends 0
    project_with pinstripe.config.js 'export default {};'
    serve --without-bot --no-watch
    view index "return 'newest';"
    sleep 0.3
    answers / 200 new
    kill -HUP "$server"
    logged project.reloaded
    answers / 200 newest
}

@test "a tenant is chosen by the host, or by the configuration" {
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/migrations/1_notes.js 'export default { async migrate(){ await this.database.table("notes", async notes => { await notes.addColumn("text", "string"); }); } };' \
        lib/background_jobs/seed.js 'export default { multiTenant: false, async run(){
            for(const name of ["alpha", "beta"]){
                const tenant = await this.database.tenants.insert({ name, host: `${name}.test` });
                await tenant.runInNewWorkspace(async function(){ await this.database.notes.insert({ text: `note of ${name}` }); });
            } } };' \
        lib/views/open.js 'export default { multiTenant: false, async render(){ return { all: await this.database.notes.count() }; } };'
    view notes "return { tenant: (await this.database.tenant).name, notes: (await this.database.notes.all()).map(({ text }) => text) };"
    pinstripe migrate-database
    pinstripe run-background-job seed
    serve --without-bot
    answers /notes 200 '{"tenant":"alpha","notes":["note of alpha"]}' -H 'Host: alpha.test'
    answers /notes 200 '{"tenant":"beta","notes":["note of beta"]}' -H 'Host: BETA.test:80'
    answers /notes 404 'No tenant answers to this host.' -H 'Host: gamma.test'
    answers /notes 404 'No tenant answers to this host.'
    answers /open 200 '{"all":2}'
    answers /open 404 'No tenant answers to this host.' -H 'Host: gamma.test' # nobody's page may read all rows by a name of its own
    ask /open -H 'Host: alpha.test' >/dev/null
    [ "$code" = 200 ]
    kill -TERM "$server"
    ends 0
    project_with pinstripe.config.js 'export default { multiTenant: true, tenant(){ return this.params.t ?? this.initialParams.t; } };'
    serve --without-bot
    answers '/notes?t=beta' 200 '{"tenant":"beta","notes":["note of beta"]}'
    answers '/notes' 404 'No tenant answers to this host.'
}
