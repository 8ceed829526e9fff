# F05: a worker that is killed when the job has committed and its result was not told: the job runs again, and can see
# that it does by its id and key.

load bot_helper

@test "F05 the run happens again, with the same id and key" {
    queue_project
    job first '' "await note(this, 'first');"
    job pays '' "await note(this, 'paid', this.run.key);"
    queue first
    FAULT=worker.before_result:2:kill start_bot --workers 1
    soon "$(ended first)"
    queue pays --key order-7
    soon "$(ended pays)"
    same "$(rows "select count(*), count(distinct run), min(text), max(text) from events where what = 'paid'")" $'2\t1\torder-7\torder-7'
    same "$(state_of pays)" 'succeeded 2 1'
    all_holds
}

@test "F05 a worker that is killed when its result is told: the run is over, once" {
    queue_project
    job pays '' "await note(this, 'paid');"
    queue pays
    FAULT=worker.after_result:1:kill start_bot --workers 1
    soon "$(ended pays)"
    queue pays
    soon "$(ended pays 2)"
    same "$(events)" $'paid\npaid'
    same "$(state_of pays)" $'succeeded 1 0\nsucceeded 1 0'
    all_holds
}
