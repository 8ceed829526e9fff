# F92: requests that two readers could read in two ways are refused and their connection ends. Lines that end with a bare LF are
# taken: the library hides them.

load ../cli/server_helper

@test "F92 two lengths, two hosts, a length and chunks, other encodings, names that are none" {
    view index "return 'x';"
    serve --without-bot
    head='POST / HTTP/1.1\r\nHost: localhost\r\n'
    refused 400 'length and chunks' "${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    refused 400 'chunks and length' "${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
    refused 400 'two lengths' "${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    refused 400 'the same length twice' "${head}Content-Length: 1\r\nContent-Length: 1\r\n\r\na"
    refused 400 'lengths with a comma' "${head}Content-Length: 1, 1\r\n\r\na"
    refused 400 'a signed length' "${head}Content-Length: +1\r\n\r\na"
    refused 400 'a length in hex' "${head}Content-Length: 0x1\r\n\r\na"
    refused 400 'no length' "${head}Content-Length: \r\n\r\n"
    refused 400 'gzip' "${head}Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n"
    refused 400 'gzip, chunked' "${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    refused 400 'chunked twice' "${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    refused 400 'xchunked' "${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
    refused 400 'identity' "${head}Transfer-Encoding: identity\r\n\r\n"
    refused 400 'two hosts' 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n'
    refused 400 'no host' 'GET / HTTP/1.1\r\nX-A: b\r\n\r\n'
    refused 400 'a host that is none' 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'
    refused 400 'a host with a path' 'GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n'
    refused 400 'a name with a space' 'GET / HTTP/1.1\r\nHost: localhost\r\nX A: b\r\n\r\n'
    refused 400 'a space before the colon' 'GET / HTTP/1.1\r\nHost: localhost\r\nX-A : b\r\n\r\n'
    refused 400 'a name with a parenthesis' 'GET / HTTP/1.1\r\nHost: localhost\r\nX(A): b\r\n\r\n'
    refused 501 'a method that is none' 'BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n'
    answers / 200 x
}

@test "F92 what follows a refused request is not read as another" {
    view index "return 'x';"
    view secret "return 'secret';"
    serve --without-bot
    got=$(raw 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n')
    [[ $got == 'HTTP/1.1 400 '* ]]
    [[ $got != *secret* ]]
    grep -q 'POST / 400' "$log" || logged 'POST / 400'
    run ! grep -q 'GET /secret' "$log"
}

@test "F92 two requests in one piece are answered in order" {
    view 'n/[n]' "return this.params.n;"
    serve --without-bot
    got=$(raw 'GET /n/one HTTP/1.1\r\nHost: localhost\r\n\r\nGET /n/two HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' | tr -d '\r' | grep -x 'one\(HTTP.*\)\?\|two')
    [[ $got == one*two ]]
}

@test "F92 a folded header or one with a bare CR is refused: its end would become a part of its name" {
    view index "return 'x';"
    serve --without-bot
    head='POST / HTTP/1.1\r\nHost: localhost\r\n'
    refused 400 'folded' "${head}X-A: b\r\n c\r\n\r\n"
    refused 400 'folded with a tab' "${head}X-A: b\r\n\tc\r\n\r\n"
    refused 400 'folded after nothing' "${head}X-A:\r\n b\r\n\r\n"
    refused 400 'folded into an encoding' "${head}Transfer-Encodin: chunked\r\n g\r\n\r\n0\r\n\r\n"
    refused 400 'folded into a tenant' "${head}X-Tenant-I: alpha\r\n d\r\nContent-Length: 0\r\n\r\n"
    refused 400 'folded at a bare LF' "${head}X-A: b\n c\r\n\r\n"
    refused 400 'a bare CR' "${head}X-A: b\rContent-Length: 3\r\n\r\n"
    for header in 'X-A:b' 'X-A:  b' 'X-A:\tb ' 'X-A:' 'X-A: '; do
        got=$(raw "GET / HTTP/1.1\r\nHost: localhost\r\n$header\r\nConnection: close\r\n\r\n" | head -n 1)
        [[ $got == 'HTTP/1.1 200 '* ]] || { echo "$header: $got"; return 1; }
    done
}
