# Short runs wait in a worker's socket and are taken back when something more urgent comes. What is then handed to the
# same worker again runs once, in its new place: no worker is lost over it, and nothing waits for ever.

load bot_helper

@test "two thousand short runs, and urgent ones that overtake them all the time" {
    queue_project
    job short '' "if(args[0] % 4 == 0) await this.enqueueBackgroundJob({ name: 'urgent', priority: 1 + args[0] % 7 }, args[0]);"
    job urgent '' ''
    job make '' "await this.enqueueBackgroundJobs('short', Array.from({ length: 2000 }, (_, n) => [n]));"
    faulty run-background-job make
    start_bot --workers 3
    soon "$(ended short 2000)"
    soon "$(ended urgent 500)"
    same "$(rows "select sum(lost), min(state), max(state), max(attempt) from ended")" $'0\t5\t5\t1'
    all_holds
}
