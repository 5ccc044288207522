"""The local target: a Kubernetes cluster in containers on this machine.

The cluster is made by kind. Where public images or a container engine cannot be had, the offline
kit builds and provides them (`offline/README.md`).
"""
