"""What people see of the service: pages made from views, in three languages, without a build step."""
