# F97: addresses that climb, hold NUL, double slashes or broken escapes lead nowhere, and a huge query is refused.

load ../cli/server_helper

@test "F97 no address leads out of lib/views" {
    project_with lib/secret.js 'export const secret = 1;' pinstripe.config.js 'export default {};'
    view index "return 'x';"
    view a/b "return 'b';"
    view 'p/[id]' "return [200, {}, JSON.stringify(this.params.id)];"
    serve --without-bot
    answers /a/b 200 b
    for address in /../pinstripe.config.js /..%2fpinstripe.config.js /%2e%2e/secret /a/../../secret /a//b //a/b /a/b// /a/b%00 /%00 /a%2fb /a%5cb '/a\b' /a/./b /a/b.js /lib/views/index.js /.%2e/ /%zz /%c3%28; do
        ask "$address" --path-as-is -g >"$TEST_FOLDER/asked"
        [ "$code" = 404 ] || [ "$code" = 400 ] || { echo "$address: $code $(cat "$TEST_FOLDER/asked")"; return 1; }
    done
    answers '/p/..' 200 '".."' --path-as-is
    refused 400 'a whole address' 'GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n'
    refused 400 'a star' 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n'
    refused 400 'a fragment' 'GET /#x HTTP/1.1\r\nHost: localhost\r\n\r\n'
    refused 400 'bytes beyond ASCII' 'GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n'
    refused 414 'a huge query' "GET /?$(head -c 20000 /dev/zero | tr '\0' a) HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answers / 200 x
}
