# One image per service: docker build --build-arg MODULE=mm-host .  (after: mvn -DskipTests package)
FROM eclipse-temurin:25-jre AS layers
ARG MODULE
COPY ${MODULE}/target/*-exec.jar /tmp/service.jar
RUN java -Djarmode=tools -jar /tmp/service.jar extract --destination /opt/fenceline

FROM eclipse-temurin:25-jre
COPY --from=layers /opt/fenceline /opt/fenceline
USER 10001
ENV JAVA_TOOL_OPTIONS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
WORKDIR /opt/fenceline
ENTRYPOINT ["java", "-jar", "/opt/fenceline/service.jar"]
