export default {
    meta(){
        this.timeout('10s');
    },

    async run(order){
        if(!(order.total > 0)) throw new RangeError(`Order ${order.number} has no total.`);
        await this.runBackgroundJob('charge-card', order.total);
        console.log(`Order ${order.number}: packed and on its way.`);
    }
};
