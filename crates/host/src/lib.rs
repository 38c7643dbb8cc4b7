//! Runs projects: threads, bounded queues, subscriptions, connector states, the life of a project and of the server.
