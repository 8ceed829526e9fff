/* bot.js - the bot service: turns schedules that are due into runs.
 *
 * runBackgroundJobs needs no store and reads no clock: the caller gives the second. start() and stop() are for
 * the executor, which keeps the time.
 */
import { config } from 'pinstripe:config';
import { jobs } from 'pinstripe:registries';
import { matches } from 'pinstripe:native/cron';
import { call } from 'pinstripe:native/engine';
import { Workspace } from 'pinstripe:workspace';

class Bot {
    /* Runs what is scheduled for exactly this second: jobs in the order of their names, schedules
     * as declared, one after the other. A failure is printed and stops nobody. */
    async runBackgroundJobs(unixTime){
        if(!Number.isInteger(unixTime)){
            throw new TypeError('bot.runBackgroundJobs(unixTime) needs a whole number of seconds ' +
                `since 1970; it got ${String(unixTime)}`);
        }
        for(const { name, args } of due(unixTime)){
            try {
                await Workspace.run(function(){
                    return this.runBackgroundJob(name, ...args);
                });
            } catch(error){
                console.error(`Background job "${name}" failed:`, error);
            }
        }
    }

    /* From now on, until stop() or the end of the program that this run is part of, schedules that come due
     * and runs that are queued are run there. Starting twice is starting once. */
    async start(){
        await call('bot', 'start bot');
    }

    /* What is running goes on to its end. */
    async stop(){
        await call('bot', 'stop bot');
    }
}

function due(unixTime){
    const found = [];
    for(const { name, Class, broken } of jobs.sorted){
        if(broken) continue;
        for(const { cron, timeZone, args = [] } of Class.plan){
            if(matches(cron, zoneOf(timeZone), unixTime)) found.push({ name, args });
        }
    }
    return found;
}

/* Each tenant's own zone needs the bot; at one given second the project's stands for it. */
function zoneOf(timeZone){
    return timeZone === undefined || timeZone == 'tenant' ? config.timeZone : timeZone;
}

export const bot = new Bot();
