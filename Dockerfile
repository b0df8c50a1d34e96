# Three images from one file: docker build --target coordinator|mm-host|device-agent .
# ./fenceline images packages the services, finds or makes the base image, and builds all three.
ARG BASE_IMAGE=eclipse-temurin:25-jre

# Each service in layers: what changes with every commit comes last and is small.
FROM ${BASE_IMAGE} AS layers
WORKDIR /layers
COPY coordinator/target/*-exec.jar packaged/coordinator/service.jar
RUN java -Djarmode=tools -jar packaged/coordinator/service.jar extract --layers --destination coordinator
COPY mm-host/target/*-exec.jar packaged/mm-host/service.jar
RUN java -Djarmode=tools -jar packaged/mm-host/service.jar extract --layers --destination mm-host
COPY device-agent/target/*-exec.jar packaged/device-agent/service.jar
RUN java -Djarmode=tools -jar packaged/device-agent/service.jar extract --layers --destination device-agent

FROM ${BASE_IMAGE} AS runtime
COPY tools/image/ /usr/local/bin/
WORKDIR /opt/fenceline
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/fenceline-service"]
# Ready, not only alive: compose's depends_on waits for it.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["/usr/local/bin/http-probe", "/actuator/health/readiness"]

# -Xms: by default the heap begins as large as it may become, on a machine with much memory, and the young generation is all touched.
FROM runtime AS coordinator
ENV SERVER_PORT=8080 JAVA_OPTS="-Xms64m -Xmx160m -XX:TieredStopAtLevel=1"
EXPOSE 8080 9090
COPY --from=layers /layers/coordinator/dependencies/ /layers/coordinator/spring-boot-loader/ ./
COPY --from=layers /layers/coordinator/snapshot-dependencies/ /layers/coordinator/application/ ./

FROM runtime AS mm-host
ENV SERVER_PORT=8181 JAVA_OPTS="-Xms64m -Xmx256m"
EXPOSE 8181 9191
COPY --from=layers /layers/mm-host/dependencies/ /layers/mm-host/spring-boot-loader/ ./
COPY --from=layers /layers/mm-host/snapshot-dependencies/ /layers/mm-host/application/ ./

FROM runtime AS device-agent
ENV SERVER_PORT=8082 JAVA_OPTS="-Xms64m -Xmx160m -XX:TieredStopAtLevel=1"
EXPOSE 8082 9092
COPY --from=layers /layers/device-agent/dependencies/ /layers/device-agent/spring-boot-loader/ ./
COPY --from=layers /layers/device-agent/snapshot-dependencies/ /layers/device-agent/application/ ./
