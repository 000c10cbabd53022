"""SQL tables, migrations, the one writer.

Import from the modules: ``detente.store.store`` has the ``Store``. Nothing is re-exported here,
because SQLAlchemy takes half a second to import and the command line must answer sooner.
"""
