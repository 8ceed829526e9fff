# F98: clients that go away in the middle of an answer: no SIGPIPE, nothing leaks, others are served.

load ../cli/server_helper

# Connections that the server still has: established, or closed by the other end only.
connections() { awk -v port="$(printf ':%04X' "$port")" 'index($2, port) && ($4 == "01" || $4 == "08")' /proc/net/tcp | wc -l; }

@test "F98 two hundred clients that leave before they have read a large answer" {
    view large "return 'x'.repeat(3e6);"
    view index "return 'x';"
    serve --without-bot
    answers / 200 x
    ask /large >/dev/null
    for _ in {1..200}; do
        exec 9<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n' >&9
        [ $((RANDOM % 2)) -eq 0 ] || head -c 100 <&9 >/dev/null
        exec 9>&-
    done
    answers / 200 x
    end=$((SECONDS + 20))
    until [ "$(connections)" -eq 0 ]; do [ $SECONDS -lt $end ] || { echo "$(connections) connections are left"; return 1; }; sleep 0.05; done
    memory=$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")
    [ "$memory" -lt 60000 ] || { echo "$memory kB"; return 1; }
    kill -TERM "$server"
    ends 0
}
