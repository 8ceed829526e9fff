/* bot.js - the bot service: turns schedules that are due into runs.
 *
 * It needs no store and reads no clock: the caller gives the second.
 */
import { config } from 'pinstripe:config';
import { jobs } from 'pinstripe:registries';
import { matches } from 'pinstripe:native/cron';
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

    async start(){
        throw new Error('bot.start() is not known in this version: it has no scheduler that ' +
            'keeps running; call bot.runBackgroundJobs(unixTime)');
    }

    async stop(){
        throw new Error('bot.stop() is not known in this version: it has no scheduler that ' +
            'keeps running');
    }
}

function due(unixTime){
    const found = [];
    for(const { name, Class, broken } of jobs.sorted){
        if(broken) continue;
        for(const { cron, timeZone, args = [] } of Class.plan){
            if(matches(cron, timeZone ?? config.timeZone, unixTime)) found.push({ name, args });
        }
    }
    return found;
}

export const bot = new Bot();
