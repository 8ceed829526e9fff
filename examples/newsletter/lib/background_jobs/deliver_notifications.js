
export default {
    meta(){
        // Cron schedule (used by bot service)
        this.schedule('*/5 * * * *'); // Every 5 minutes

        // Multiple schedules supported
        this.schedule('0 0 * * *'); // Daily at midnight
        this.schedule('0 12 * * 1'); // Weekly on Monday at noon
    },

    // Multi-tenant configuration
    multiTenant: true,
    tenantsFilter: tenants => tenants.where({ active: true }),

    // Custom properties
    batchSize: 5,

    async run(){
        const waiting = this.database.notifications.where({ sent: false });

        // Job implementation with access to services
        const records = await waiting.limit(this.batchSize).all();

        for(let record of records){
            await record.send();
            await record.update({ sent: true });
        }

        console.log(`${await this.database.tenant.name}: ${records.length} delivered, ${await waiting.count()} waiting`);
    }
};
