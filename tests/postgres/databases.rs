//! Databases for one test each, next to the one that is given.

use std::time::Duration;

use studio_multidb::backend::postgres::{Client, Statement};

use crate::fixtures::{eventually, soon};
use crate::support::{client, options, reading, rows, run, statement, target};

/// A database that no other test uses.
pub(crate) struct Database {
    name: &'static str,
    admin: Client,
}

/// Creates it afresh.
pub(crate) async fn own_database(name: &'static str) -> Option<Database> {
    let database = Database { name, admin: client(1).await? };
    database.drop_it().await;
    run(&database.admin, &slow(&format!("create database {name}"))).await.unwrap();
    Some(database)
}

impl Database {
    pub(crate) async fn client(&self, max_connections: u32) -> Client {
        let mut target = target().expect("it was created on this server");
        target.database = self.name.into();
        Client::connect(&target, &options(max_connections), soon()).await.unwrap()
    }

    /// Installs all extensions that come with PostgreSQL and are there.
    pub(crate) async fn create_extensions(&self, client: &Client) {
        let there = "select name from pg_available_extensions where name <> 'plpgsql' order by 1";
        let there = rows(client, &reading(there)).await;
        for row in there.as_array().unwrap() {
            let name = row["name"].as_str().unwrap();
            let sql = format!("create extension if not exists \"{name}\" cascade");
            // Languages need libraries that may not be there.
            if let Err(error) = run(client, &slow(&sql)).await {
                eprintln!("extension {name}: {error}");
            }
        }
    }

    /// Removes it, once its clients are gone.
    pub(crate) async fn remove(self) {
        self.drop_it().await;
    }

    async fn drop_it(&self) {
        let sql = format!("drop database if exists {}", self.name);
        eventually("the database is removed", async || run(&self.admin, &slow(&sql)).await.is_ok())
            .await;
    }
}

fn slow(sql: &str) -> Statement {
    Statement { timeout: Duration::from_secs(20), ..statement(sql) }
}
