# The first notice's site, rebuilt (tests/sites/README.md). Not for production.
FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* && useradd --system site
COPY tests/sites/wire.py /srv/
COPY tests/sites/jobcard /srv/jobcard
USER site
EXPOSE 9000
CMD ["python3", "-B", "/srv/jobcard/jobcard.py", "--listen", "0.0.0.0", "--port", "9000", "--control-port", "9002"]
