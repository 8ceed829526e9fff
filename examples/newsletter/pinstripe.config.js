
export default {
    database: {
        adapter: 'sqlite'
    },

    // Every background job runs once for each tenant, unless it says multiTenant: false.
    multiTenant: true
};
