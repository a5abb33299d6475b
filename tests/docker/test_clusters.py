"""The Kubernetes manifest and the file for `ray up`, against the schemas of those who read them."""

from __future__ import annotations

import copy
import re
from typing import Any

import kubernetes_validate
import pytest
from jsonschema import ValidationError
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from tests.docker.files import ROOT, cluster_file, instructions, locked, manifests, ray_cluster

KUBERNETES = "1.34"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class _Group(_Part):
    """What ray.io/v1 says of every group, as far as it is used."""

    ray_start_params: dict[str, str]  # numbers too
    template: dict[str, Any]


class _Workers(_Group):
    group_name: str
    replicas: int
    min_replicas: int
    max_replicas: int


class _Cluster(_Part):
    ray_version: str
    head_group_spec: _Group
    worker_group_specs: list[_Workers]


def check(document: dict[str, Any]) -> None:
    """Raises if Kubernetes, or the operator, would not take a document."""
    if document["kind"] != "RayCluster":
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
        return
    assert document["apiVersion"] == "ray.io/v1"
    spec = _Cluster.model_validate(document["spec"])
    for group in [spec.head_group_spec, *spec.worker_group_specs]:
        kubernetes_validate.validate({"apiVersion": "v1", "kind": "Pod", **group.template}, KUBERNETES, strict=True)


@pytest.mark.parametrize("document", manifests(), ids=lambda document: document["kind"])
def test_kubernetes_takes_it(document: dict[str, Any]) -> None:
    check(document)


def test_kubernetes_would_not_take_a_slip() -> None:
    misspelt = copy.deepcopy(ray_cluster())
    misspelt["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["imagee"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError, match="imagee"):
        check(misspelt)
    unquoted = copy.deepcopy(ray_cluster())
    unquoted["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0
    with pytest.raises(ValueError, match="num-cpus"):
        check(unquoted)


def pods() -> list[dict[str, Any]]:
    spec = ray_cluster()["spec"]
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    jobs = [document["spec"] for document in manifests() if document["kind"] == "Job"]
    return [group["template"]["spec"] for group in (*groups, *jobs)]


def test_versions_and_images_are_those_of_the_lock_and_the_dockerfile() -> None:
    assert ray_cluster()["spec"]["rayVersion"] == locked()["ray"]
    stages = {found.stage for found in instructions()}
    images = [container["image"] for pod in pods() for container in pod["containers"]]
    assert {image.partition(":")[2] for image in images} == {"cpu", "cuda"}
    assert all(image.startswith("scyc:") and image.partition(":")[2] in stages for image in images)


def test_pods_mount_what_they_name_and_keep_secrets_out_of_the_environment() -> None:
    claims = {document["metadata"]["name"] for document in manifests() if document["kind"] == "PersistentVolumeClaim"}
    for pod in pods():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert pod["securityContext"]["runAsNonRoot"]
        (container,) = pod["containers"]
        places = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        assert set(places.values()) == set(volumes)
        assert volumes[places["/artifacts"]]["persistentVolumeClaim"]["claimName"] in claims
        for variable in container["env"]:
            if re.search("PASSWORD|TOKEN", variable["name"]):
                assert "secret" in volumes[places[variable["value"].rpartition("/")[0]]]


def test_the_head_trains_nothing_and_a_gpu_worker_asks_for_a_gpu() -> None:
    assert ray_cluster()["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    limits = [
        group["template"]["spec"]["containers"][0]["resources"]["limits"]
        for group in ray_cluster()["spec"]["workerGroupSpecs"]
    ]
    assert ["nvidia.com/gpu" in limit for limit in limits] == [False, True]


def test_ray_takes_the_cluster_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    monkeypatch.chdir(ROOT)
    config = prepare_config(cluster_file())
    validate_config(config)
    assert config["available_node_types"]["local.cluster.node"]["min_workers"] == 2


def test_ray_would_not_take_a_slip() -> None:
    from ray.autoscaler._private.util import validate_config

    with pytest.raises(ValidationError, match="provders"):
        validate_config({**cluster_file(), "provders": 1})
