#!/usr/bin/env bats
# generate.bats - new files: their texts, what is said, and that nothing is overwritten.

load helper

@test "generate-background-job makes the file of the original" {
    project_with
    run_separately pinstripe generate-background-job --name x
    expect_status 0
    expect_output "Creating dir \"$PWD/lib\"
Creating dir \"$PWD/lib/background_jobs\"
Creating file \"$PWD/lib/background_jobs/x.js\""
    diff -u - lib/background_jobs/x.js <<'JOB'

export default {
    meta(){
        this.schedule('* * * * *'); // run every minute
    },

    run(){
        console.log('x background job coming soon!')
    }
};
JOB
}

@test "every spelling of a name makes one file, slashes make folders" {
    project_with
    local spelling
    for spelling in admin/clean-up admin/clean_up admin/cleanUp Admin/CleanUp "admin/clean up"; do
        rm -rf lib
        run pinstripe generate-background-job "$spelling"
        expect_status 0
        [ -e lib/background_jobs/admin/clean_up.js ]
        grep -q "'admin/clean-up background" lib/background_jobs/admin/clean_up.js
    done
    run pinstripe generate-background-job --name=HTMLParser
    [ -e lib/background_jobs/html_parser.js ]
}

@test "an unchanged file is silent, a changed one is skipped with exit 4" {
    project_with
    pinstripe generate-background-job x
    run_separately pinstripe generate-background-job x
    expect_status 0
    expect_output ""
    echo "// mine" >lib/background_jobs/x.js
    run_separately pinstripe generate-background-job x
    expect_status 4
    expect_output "Skipping file \"$PWD/lib/background_jobs/x.js\" (as it already exists)"
    [ "$(cat lib/background_jobs/x.js)" = "// mine" ]
}

@test "no name and a name with nothing left are exit 2" {
    project_with
    local kind name
    for kind in background-job service model migration project; do
        run_separately pinstripe "generate-$kind"
        expect_status 2
        for name in "" 日本語 .. $'a\nb'; do
            run_separately pinstripe "generate-$kind" "$name"
            expect_status 2
        done
    done
    for name in /a a//b ../x a/ $'a\033[1mb' "$(printf 'x%.0s' {1..300})"; do
        run_separately pinstripe generate-background-job "$name"
        expect_status 2
        # shellcheck disable=SC2154  # set by bats
        [[ $stderr != *$'\033'* ]]
    done
    [ "$(ls)" = pinstripe.config.js ]
}

@test "generate-service makes a service that answers" {
    project_with
    run pinstripe generate-service billing/tax-rate
    expect_status 0
    grep -q "return 'Example billingTaxRate service';" lib/services/billing/tax_rate.js
}

@test "generate-view makes a view under the address that it answers" {
    project_with
    for name in reports/dailySummary 'users/[id]' / admin/index; do
        run pinstripe generate-view "$name"
        expect_status 0
    done
    grep -q "return { message: 'Hello from lib/views/reports/daily_summary.js' };" lib/views/reports/daily_summary.js
    [ -e 'lib/views/users/[id].js' ]
    [ -e lib/views/index.js ]
    [ -e lib/views/admin/index.js ]
    for name in '' ../x a//b 'a/[]'; do
        run_separately pinstripe generate-view "$name"
        expect_status 2
    done
}

@test "generate-model makes the model and the migration for its table" {
    project_with
    run pinstripe generate-model blogPost --fields '^title:string userId:foreign_key' publishedAt:datetime
    expect_status 0
    grep -q "this.mustNotBeBlank('title');" lib/models/blog_post.js
    grep -q "this.belongsTo('user');" lib/models/blog_post.js
    local migration
    migration=$(echo lib/migrations/*_create_blog_posts.js)
    [[ $migration =~ ^lib/migrations/[0-9]+_create_blog_posts\.js$ ]]
    diff -u - "$migration" <<'MIGRATION'

export default {
    async migrate(){
        await this.database.table('blogPosts', async blogPosts => {
            await blogPosts.addColumn('title', 'string');
            await blogPosts.addColumn('userId', 'foreign_key');
            await blogPosts.addColumn('publishedAt', 'datetime');
        });
    }
};
MIGRATION
    run pinstripe generate-model blogPost title
    expect_status 4
    [ "$(find lib/migrations -name "*.js" | wc -l)" -eq 1 ]
}

@test "a wrong field is exit 2, names the field, and makes nothing" {
    project_with
    local field
    for field in a:strin a:b:c :string '^' 'a a' 日本 id tenantId:string; do
        run_separately pinstripe generate-model thing --fields "$field"
        expect_status 2
        expect_in_errors 'field "'
    done
    run_separately pinstripe generate-model thing a:strin
    expect_in_errors 'did you mean "string"?'
    [ ! -e lib ]
}

@test "generate-migration takes its table from its name, and each migration has a number of its own" {
    project_with
    run pinstripe generate-migration add_age_to_users age:integer
    run pinstripe generate-migration create-tags
    run pinstripe generate-migration tidyUp
    run pinstripe generate-migration rename --table people name
    expect_status 0
    grep -q "users.addColumn('age', 'integer')" lib/migrations/*_add_age_to_users.js
    grep -q "tags.create()" lib/migrations/*_create_tags.js
    grep -q "people.addColumn('name', 'string')" lib/migrations/*_rename.js
    [ "$(find lib/migrations -name '*.js' -printf '%f\n' | sed 's/_.*//' | sort -u | wc -l)" -eq 4 ]
    run_separately pinstripe generate-migration more name:string
    expect_status 2
    expect_in_errors "--table"
}

@test "generate-project makes a project that others find, and never overwrites" {
    run_separately pinstripe generate-project my-app
    expect_status 0
    expect_in_output "Creating file \"$PWD/my-app/pinstripe.config.js\""
    expect_in_errors "pinstripe run-background-job hello-world"
    local file
    for file in pinstripe.config.js package.json .gitignore lib/background_jobs/hello_world.js; do
        [ -s "my-app/$file" ]
    done
    for file in models services migrations; do
        [ -d "my-app/lib/$file" ]
    done
    grep -q '"type": "module"' my-app/package.json
    grep -q '"name": "my-app"' my-app/package.json
    echo mine >my-app/package.json
    rm my-app/.gitignore
    run_separately pinstripe generate-project my-app
    expect_status 4
    expect_output "Skipping file \"$PWD/my-app/package.json\" (as it already exists)
Creating file \"$PWD/my-app/.gitignore\""
    [ "$(cat my-app/package.json)" = mine ]
}
