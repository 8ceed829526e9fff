# F95: a page of somebody else that makes a browser ask us by its own name (DNS rebinding), forged Host and X-Forwarded-*: only
# names that are ours are answered, and who would listen to other machines must name them.

load ../cli/server_helper

@test "F95 on this machine only its own names are answered" {
    view index "return 'x';"
    serve --without-bot
    for host in localhost "localhost:$port" LOCALHOST app.localhost 127.0.0.1 '127.9.9.9:80' '[::1]' "[::1]:$port"; do
        answers / 200 x -H "Host: $host"
    done
    for host in evil.test localhost.evil.test evil-localhost 127.evil.test 127.0.0.1.evil.test '[::1].evil.test' 1.2.3.4 '[fe80::1]' example.com:80; do
        ask / -H "Host: $host" >/dev/null
        [ "$code" = 421 ] || { echo "$host: $code"; return 1; }
    done
    ask / -H 'Host: evil.test' -H 'X-Forwarded-Host: localhost' >/dev/null
    [ "$code" = 421 ]
    for page in livez readyz metrics; do
        ask /$page -H 'Host: 127.evil.test' >/dev/null
        [ "$code" = 421 ]
    done
    ask /livez -H 'X-Forwarded-For: 1.2.3.4' >/dev/null
    [ "$code" = 200 ]
}

@test "F95 the names that the project gives, and no others" {
    project_with pinstripe.config.js "export default { server: { hosts: ['Example.com', '*.Example.org'] } };"
    view index "return this.params._url.host;"
    view livez "return 'a view';"
    serve --without-bot --host 0.0.0.0:0,127.0.0.1:0
    answers / 200 example.com -H 'Host: example.com'
    answers / 200 a.b.example.org -H 'Host: A.B.example.org'
    for host in example.org xexample.org localhost 127.0.0.1 www.example.com; do
        ask / -H "Host: $host" >/dev/null
        [ "$code" = 421 ] || { echo "$host: $code"; return 1; }
    done
    answers /livez 200 'a view' -H 'Host: example.com' # others may come: the operators' pages are not here
    kill -TERM "$server"
    ends 0
    project_with pinstripe.config.js "export default { server: { hosts: ['*'] } };"
    serve --without-bot --host 0.0.0.0:0
    answers / 200 any.test -H 'Host: any.test'
}
