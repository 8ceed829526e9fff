/* run.js - the one run that this heap is for. The heap is put back after it, so there is never a
 * second one, and its contexts are made before it begins: each run finds them as they are here. */
import { areBare } from 'pinstripe:native/registry';
import { Context, countForks } from 'pinstripe:context';

const root = new Context();
let running = false; /* not while the project is loaded */
let tenantId;
let isDialog = false;
let others; /* roots of the workspaces that the run made and that have not ended */

/* What the instances of jobs and of views are made for: the one that runs finds its context there.
 * The parameters of a job's context are its own, those of a view's are what was asked. */
export const jobContext = root.fork();
export const viewContext = root.fork();
viewContext.makeParamsLater(() => root.params);
const forksBefore = countForks();

export function isRunning(){
    return running;
}

/* `id`: of its tenant, undefined for none. */
export function beginRun(id){
    running = true;
    if(id === undefined) return;
    tenantId = id;
    root.startInTenant(id);
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
    if(isEmpty()) return undefined;
    return destroyAll([root, ...others ?? []].reverse(), failed);
}

/* Most runs leave nothing behind. */
function isEmpty(){
    return !others?.size && countForks() == forksBefore && areBare(root, jobContext, viewContext);
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
