# server_helper.bash - a server of a project's views, asked by a real client.
#
#   view NAME BODY...          lib/views/NAME.js: BODY is the inside of render()
#   serve [OPTION...]          starts it at a free port; its process is $server, its address $url, its log $log
#   ask ARGS...                curl: prints the body; the status is in $code, the headers in $headers (lower-case names)
#   raw TEXT                   sends bytes as they are (printf escapes) and prints what comes back until the end
#   logged TEXT                waits until a line of the log has it

load ../cli/helper

# shellcheck disable=SC2034  # tests read them
own_setup() { server='' log=$TEST_FOLDER/server.log; }

own_teardown() {
    [ -z "$server" ] || { kill -CONT "$server"; kill -9 "$server"; } 2>/dev/null
    return 0
}

view() { project_with "lib/views/$1.js" "export default { async render(){ ${*:2} } };"; }

serve() {
    : >"$log"
    "$PINSTRIPE" start-server --host 127.0.0.1:0 --log "$log" --log-format json "$@" >"$TEST_FOLDER/server.out" 2>&1 3>&- &
    server=$!
    logged server.listening || return 1
    url=$(sed -n 's/.*server.listening.*\(http:[^ ]*\) answers.*/\1/p' "$log" | head -n 1)
    port=${url##*:}
}

logged() {
    local end=$((SECONDS + 20))
    until grep -q -F -- "$1" "$log"; do
        if ! kill -0 "$server" 2>/dev/null || [ $SECONDS -ge $end ]; then
            echo "not in the log: $1"
            cat "$log" "$TEST_FOLDER/server.out"
            return 1
        fi
        sleep 0.02
    done
}

ask() {
    local path=$1
    shift
    code=$(curl -s -m 20 -o "$TEST_FOLDER/body" -D "$TEST_FOLDER/head" -w '%{http_code}' "$@" "$url$path")
    headers=$(tr -d '\r' <"$TEST_FOLDER/head" | sed 's/^[^:]*/\L&/')
    tr -d '\0' <"$TEST_FOLDER/body"
}

# answers PATH CODE BODY [CURL-OPTION...]
answers() {
    local body
    ask "$1" "${@:4}" >"$TEST_FOLDER/asked"
    body=$(cat "$TEST_FOLDER/asked")
    [ "$code $body" = "$2 $3" ] || { printf '%s: %s %s\nnot: %s %s\n' "$1" "$code" "$body" "$2" "$3"; tail -n 3 "$log"; return 1; }
}

has_header() { grep -q -x -F -- "$1" <<<"$headers" || { printf 'no header %s in:\n%s\n' "$1" "$headers"; return 1; }; }

raw() {
    exec 9<>"/dev/tcp/127.0.0.1/$port"
    # shellcheck disable=SC2059
    printf "$1" >&9
    timeout "${2-10}" cat <&9
    exec 9>&-
}

# refused STATUS NAME TEXT: what comes back begins with that status, and the connection ends.
refused() {
    local got
    got=$(raw "$3" | head -n 1 | tr -d '\r')
    [[ $got == "HTTP/1."?" $1 "* ]] || { echo "$2: $got, not $1"; return 1; }
}

ends() {
    local code=0
    timeout 30 tail -s 0.02 --pid="$server" -f /dev/null || { echo "the server does not end"; return 1; }
    wait "$server" || code=$?
    server=''
    [ "$code" -eq "$1" ] || { echo "exit code $code, not $1"; cat "$log" "$TEST_FOLDER/server.out"; return 1; }
}
