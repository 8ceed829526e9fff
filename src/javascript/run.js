/* run.js - the one run that this heap is for: nothing while the project is loaded, then its root
 * context. The heap is put back after it, so there is never a second one. */
let root;
let tenantId;
let isDialog = false;
let others; /* roots of the workspaces that the run made and that have not ended */

export function isRunning(){
    return root !== undefined;
}

export function beginRun(context){
    root = context;
    tenantId = context.tenantId;
}

/* The run is a REPL: a job that it names may be newer than the code that is loaded here. */
export function beginDialog(){
    isDialog = true;
}

export function inDialog(){
    return isDialog;
}

export function rootOfRun(){
    return root;
}

/* A workspace inside the run; it says when it ends. */
export function beginWorkspace(context){
    (others ??= new Set()).add(context);
}

export function endWorkspace(context){
    others.delete(context);
}

/* Destroys what is left: workspaces that nobody awaited, last made first, then the run's own. Gives
 * a promise, or nothing when there is nothing to destroy. */
export function endRun(failed){
    if(root.isEmpty && !others?.size) return undefined;
    return destroyAll([root, ...others ?? []].reverse(), failed);
}

async function destroyAll(contexts, failed){
    let failure = failed;
    let first;
    for(const context of contexts){
        try {
            await context.destroy();
        } catch(error){
            if(failure) console.error('A destroy() hook failed as well:', error);
            else first = error;
            failure = true;
        }
    }
    if(failure && !failed) throw first;
}

/* The tenant that the executor started the run in: it is known to exist. */
export function tenantOfRun(){
    return tenantId;
}
