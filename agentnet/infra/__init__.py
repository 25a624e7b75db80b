"""What any web application needs: settings, database, the one commit, audit, forms, pages, jobs, files."""
