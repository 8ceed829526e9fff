# F04: a worker that is killed while its job runs is a failed run that names the signal; nobody else notices.

load bot_helper

@test "F04 kill -9 of the worker in a job fails that run only, and says why" {
    project_with lib/background_jobs/victim.js '
        export default { async run(){ console.log("ready"); await new Promise(r => setTimeout(r, 60000)); } };' \
        lib/background_jobs/caller.js '
        export default { async run(){
            const other = this.runBackgroundJob("fine");
            try { await this.runBackgroundJob("victim"); } catch(e){ console.log("caught:", e.message); }
            await other;
            await this.runBackgroundJob("fine");
        } };' lib/background_jobs/fine.js '
        export default { run(){ console.log("fine"); } };'
    mkfifo lines
    "$PINSTRIPE" run-background-job caller >lines 2>errors &
    executor=$!
    exec 9<lines
    while read -r line <&9; do [ "$line" = ready ] && break; done
    nursery=$(pgrep -P "$executor")
    # The worker of the victim is the youngest.
    kill -9 "$(pgrep -n -P "$nursery")"
    rest=$(cat <&9)
    status=0; wait "$executor" || status=$?
    [ "$status" -eq 0 ]
    [[ $rest == *'caught: the worker was killed by signal 9 (Killed)'* ]]
    [[ $rest == *fine ]]
}

@test "F04 kill -9 of the worker of a queued run: it runs again at once, and the reason stays with it" {
    queue_project
    job victim '' "await note(this, 'begun'); if((await this.database.events.count()) < 2) await pause(60000); await note(this, 'done');"
    queue victim
    start_bot --workers 1
    soon "select count(*) from events"
    kill -9 "$(workers_of "$bot")"
    soon "$(ended victim)"
    same "$(events)" $'begun\nbegun\ndone'
    same "$(state_of victim)" 'succeeded 2 1'
    same "$(rows "select json_extract(value, '$.reason'), json_array_length(reasons) from ended, json_each(reasons)")" $'worker killed by signal 9 (Killed)\t1'
    in_log 'victim failed: worker killed by signal 9 (Killed); it goes back to the queue'
    all_holds
}
