# A program that has older code for long: its objects are not deleted under it.

load ../cli/native_helper

@test "a nursery of older code keeps its objects" {
    project_with
    pinstripe migrate-database 2>/dev/null
    c_job say '' 'puts("old code"); fclose(fopen("said", "w"));'
    PIN_NATIVE_TOUCH_MS=20 "${PINSTRIPE%/pinstripe}/faults/pinstripe" start-bot --no-watch >/dev/null 2>bot.log 3>&- &
    bot=$!
    comes grep -q . bot.log
    object=$(echo build/pinstripe/say-*.so)
    touch -d '2 days ago' "$object"
    young() { [ -z "$(find "$object" -mtime +0)" ]; }
    comes young
    kill "$bot"
    wait "$bot" || true
}
