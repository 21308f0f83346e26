"""Where Alembic begins: with the connection that ``rakkan.service.migrating`` hands it."""

from alembic import context

from rakkan.service.migrating import VERSION_TABLE
from rakkan.service.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
