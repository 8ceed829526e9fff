
// The table tenants is there already: a multi-tenant project has it from the start, and every other table gets a
// column tenantId.
export default {
    async migrate(){
        await this.database.table('users', async users => {
            await users.addColumn('name', 'string');
            await users.addColumn('email', 'string', { index: true });
            await users.addColumn('subscribed', 'boolean', { default: true });
        });

        await this.database.table('notifications', async notifications => {
            await notifications.addColumn('userId', 'foreign_key');
            await notifications.addColumn('message', 'text');
            await notifications.addColumn('sent', 'boolean');
        });
    }
};
