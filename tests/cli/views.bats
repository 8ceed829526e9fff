# Views: what render() gives is what a client gets; what a client sends is what render() sees.

load server_helper

succeeded_twice() { [ "$(grep -c '"event":"run.succeeded"' "$log")" -eq 2 ]; }

@test "what render() gives decides the answer" {
    view index "return '<h1>home</h1>';"
    view object "return { ok: true, list: [1, 2] };"
    view list "return [1, 2, 3];"
    view nothing ""
    view null "return null;"
    view number "return 42;"
    view full "return [201, { 'X-Made': 'yes', 'Set-Cookie': ['a=1', 'b=2'] }, 'made'];"
    view bytes "return [200, { 'content-type': 'image/png' }, new Uint8Array([104, 105])];"
    view empty "return [204, {}];"
    view reset "return [205, {}, 'not sent'];"
    view query "await this.database.lock(() => 1); return { n: 1 };"
    view reports/index "return 'reports';"
    view reports/dailySummary "return 'daily';"
    serve --without-bot
    answers / 200 '<h1>home</h1>'
    has_header 'content-type: text/html; charset=utf-8'
    has_header 'x-content-type-options: nosniff'
    answers /object 200 '{"ok":true,"list":[1,2]}'
    has_header 'content-type: application/json'
    answers /list 200 '[1,2,3]'
    answers /nothing 404 'Not found'
    answers /null 200 null
    answers /number 200 42
    answers /full 201 made
    has_header 'x-made: yes'
    has_header 'set-cookie: a=1'
    has_header 'set-cookie: b=2'
    answers /bytes 200 hi
    has_header 'content-type: image/png'
    answers /empty 204 ''
    answers /reset 205 ''
    answers /query 200 '{"n":1}'
    answers /reports 200 reports
    answers /reports/ 200 reports
    answers /reports/daily-summary 200 daily
    answers /reports/dailySummary 404 'Not found'
    answers /absent 404 'Not found'
    answers /index 404 'Not found'
    ask /object -I >/dev/null
    [ "$code" = 200 ]
    has_header 'content-length: 24'
}

@test "a segment in brackets is a parameter; the literal name goes first" {
    view 'users/[id]' "return ['user', this.params.id];"
    view 'users/[id]/posts/[postId]' "return ['post', this.params.id, this.params.postId];"
    view users/me "return 'me';"
    serve --without-bot
    answers /users/17 200 '["user","17"]'
    answers /users/a%2Fb 404 'Not found'
    answers /users/a%20b%C3%A9 200 '["user","a bé"]'
    answers /users/me 200 me
    answers /users/7/posts/9 200 '["post","7","9"]'
    answers '/users/[id]' 200 '["user","[id]"]' -g
    answers '/users/%5Bid%5D' 200 '["user","[id]"]'
}

@test "parameters come from the query, a form and JSON; what pinstripe says of a request cannot be sent" {
    view echo "const { _method, _url, _headers, _body, ...rest } = this.params; return { _method, path: _url.pathname, search: _url.search, agent: _headers['x-agent'], same: this.initialParams._method, rest };"
    serve --without-bot
    answers '/echo?a=1&b=x%20y&a=2' 200 '{"_method":"GET","path":"/echo","search":"?a=1&b=x%20y&a=2","same":"GET","rest":{"a":"2","b":"x y"}}'
    answers '/echo?a=1' 200 '{"_method":"POST","path":"/echo","search":"?a=1","agent":"me","same":"POST","rest":{"a":"form","c":"é"}}' -d a=form -d 'c=%C3%A9' -H 'X-Agent: me'
    answers /echo 200 '{"_method":"PUT","path":"/echo","search":"","same":"PUT","rest":{"n":{"deep":[1]}}}' -X PUT -H 'Content-Type: application/json' -d '{"n":{"deep":[1]},"_method":"X","_url":"X"}'
    answers /echo 400 "The body of the request is not what its content-type says." -H 'Content-Type: application/json' -d '{"n":'
    answers /echo 415 'Only bodies of text are taken.' --data-binary $'\xff\xfe'
    answers '/echo?_headers=x&__proto__=y' 200 '{"_method":"GET","path":"/echo","search":"?_headers=x&__proto__=y","same":"GET","rest":{"__proto__":"y"}}'
}

@test "each request has a fresh heap, and all services" {
    project_with lib/views/count.js 'let n = 0; globalThis.seen ??= 0; export default { render(){ return [++n, ++globalThis.seen].join(); } };' \
        lib/services/greeter.js 'export default { create(){ return name => `hello ${name}`; } };'
    view services "return [this.greeter('you'), this.config.multiTenant, this.environment, typeof this.runBackgroundJob];"
    serve --without-bot
    for _ in 1 2 3; do answers /count 200 1,1; done
    answers /services 200 '["hello you",false,"development","function"]'
}

@test "a view that throws is 500: in development with message, stack and source, else with nothing of it" {
    project_with lib/views/boom.js 'export default {
    render(){
        // before
        throw new TypeError("no <b>luck</b>");
    }
};' lib/views/broken.js 'export default { render: 1 };'
    view header "return [200, { 'X-A': 'b\\r\\nX-B: c' }, ''];"
    view novalue "return [200, { 'X-A': '' }, ''];"
    view length "return [200, { 'Content-Length': '3' }, ''];"
    view status "return [99, {}, ''];"
    view large "return [200, { 'X-A': 'a'.repeat(7000) }, ''];"
    view many "return [200, { 'X-A': Array(91).fill('a') }, ''];"
    view half "return [200, { 'X-A': '\\ud800' }, ''];"
    serve --without-bot
    ask /boom >"$TEST_FOLDER/page"
    [ "$code" = 500 ]
    grep -q 'no &lt;b&gt;luck&lt;/b&gt;' "$TEST_FOLDER/page"
    grep -q 'lib/views/boom.js:4' "$TEST_FOLDER/page"
    grep -q '<b>    4 .*throw new TypeError' "$TEST_FOLDER/page"
    grep -q '// before' "$TEST_FOLDER/page"
    logged '"event":"view.failed"'
    ask /broken >"$TEST_FOLDER/page"
    grep -q 'A view needs a function render' "$TEST_FOLDER/page"
    for name in header novalue length status large many half; do
        ask /$name >"$TEST_FOLDER/page"
        [ "$code" = 500 ]
        grep -q '<h1>[RT][a-z]*Error</h1>' "$TEST_FOLDER/page" || { echo "$name"; return 1; }
    done
    kill -TERM "$server"
    ends 0
    PINSTRIPE_ENV=production serve --without-bot
    answers /boom 500 'Internal Server Error'
    id=$(sed -n 's/^x-request-id: //p' <<<"$headers")
    logged view.failed
    grep -F view.failed "$log" | grep -q -F "\"run_id\":\"$id\""
    answers /broken 500 'Internal Server Error'
}

@test "what a view prints is in the log with the request's id, and so is what its job prints" {
    project_with lib/background_jobs/work.js 'export default { run(){ console.log("from the job"); } };'
    view talk "console.log('from the view'); console.error('loudly'); await this.runBackgroundJob('work'); return 'said';"
    serve --without-bot
    answers /talk 200 said
    id=$(sed -n 's/^x-request-id: //p' <<<"$headers")
    [ ${#id} -eq 36 ]
    logged 'GET /talk 200'
    logged '"http.method":"GET","http.path":"/talk","http.status":200'
    for line in '"event":"view.stdout","msg":"from the view"' '"event":"view.stderr","msg":"loudly"' '"event":"view.stdout","msg":"from the job"'; do
        grep -F "$line" "$log" | grep -q "\"run_id\":\"$id\""
    done
}

@test "a job gets the view's parameters, but not what a visitor proves who they are with" {
    project_with lib/background_jobs/work.js 'export default { run(){ const { _url, _headers, _body, a } = this.initialParams; console.log("got", _url.pathname, _headers["x-a"], _headers.cookie, _headers.authorization, _body, a); } };'
    view go "await this.runBackgroundJob('work'); return [this.params._headers.cookie, this.params._headers.authorization, this.params._body];"
    serve --without-bot
    answers '/go?a=1' 200 '["c=1","Basic eDp5","secret=1"]' -H 'Cookie: c=1' -u x:y -H 'X-A: b' -d 'secret=1'
    logged 'got /go b undefined undefined undefined 1'
}

@test "the runs that a view asks for are in the history, with the view as what triggered them" {
    project_with lib/background_jobs/work.js 'export default { run(){} };'
    view go "await this.runBackgroundJob('work', 1); await this.database.transaction(() => this.enqueueBackgroundJob('work', 2)); return this.enqueueBackgroundJob('work', 3);"
    serve
    ask /go >"$TEST_FOLDER/id"
    [ "$code" = 200 ]
    comes succeeded_twice
    kill -TERM "$server"
    ends 0
    run pinstripe list-runs --json
    [ "$(grep -c '"trigger":"view"' <<<"$output")" -eq 3 ]
    [[ $output != *'"parent":"'* ]]
    [[ $output == *"$(cat "$TEST_FOLDER/id")"* ]]
}

# policies: of the workers that are there, sorted.
policies() {
    local pid
    for pid in $(pgrep -P "$(pgrep -P "$server")"); do chrt -p "$pid"; done | sed -n 's/.*policy: //p' | sort | tr '\n' ' '
}
works_patiently() { [ "$(policies)" = 'SCHED_BATCH SCHED_OTHER ' ]; }

@test "a job waits for whoever has the processor, a view does not" {
    project_with lib/background_jobs/lasts.js 'export default { async run(){ console.log("it runs"); await new Promise(r => setTimeout(r, 60000)); } };'
    view asks "await this.runBackgroundJob('lasts');"
    serve --without-bot
    curl -s "$url/asks" >/dev/null &
    logged 'it runs'
    comes works_patiently || { policies; return 1; }
}
