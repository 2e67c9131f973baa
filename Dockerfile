# A small image of Octavo with the embedded model. docs/operations.md says how to run it, docs/gpu.md the one for GPUs (--target gpu).

FROM node:24-bookworm-slim AS build
WORKDIR /octavo
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run build
# What runs needs no compiler, and of ONNX Runtime's libraries only this platform's.
RUN npm ci --omit=dev \
  && cd node_modules/onnxruntime-node/bin/napi-v6 \
  && find . -mindepth 2 -maxdepth 2 -type d ! -path "./linux/$(node -p process.arch)" -exec rm -r {} +

FROM node:24-bookworm-slim AS server
WORKDIR /octavo
# Inside a container the server must listen on the container's address; what is published decides who reaches it.
ENV NODE_ENV=production HOST=0.0.0.0
COPY package.json LICENSE NOTICE ./
COPY --from=build /octavo/node_modules ./node_modules
COPY --from=build /octavo/dist ./dist
COPY models ./models
COPY safety ./safety
COPY calibration ./calibration
COPY scripts/health-check.js ./scripts/
# Nothing is written at run time: the root file system may be read-only.
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "scripts/health-check.js"]
# Node is process 1: it handles SIGTERM and SIGINT itself and starts no other process, so no init is needed.
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve"]

# What WebGPU needs: Vulkan's loader, the drivers of AMD and Intel, and what NVIDIA's driver, which its container runtime brings
# along where graphics is among the capabilities, loads beside itself.
FROM server AS gpu
USER root
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers libegl1 libxext6 \
  && rm -rf /var/lib/apt/lists/*
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility
USER node

# The last is what is built where no target is named.
FROM server AS cpu
