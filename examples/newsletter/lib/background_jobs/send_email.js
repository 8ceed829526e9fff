
export default {
    multiTenant: false,

    run(to, subject = 'Hello'){
        if(!to) throw new TypeError('send-email needs an address');

        console.log(`email to ${to}: ${subject}`);
    }
};
