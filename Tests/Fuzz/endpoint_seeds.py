"""Seeds of the endpoint target: URLs and regions."""

from typing import Dict


def seeds() -> Dict[str, bytes]:
    urls = [
        "https://bedrock-runtime.us-east-1.amazonaws.com",
        "http://localhost:8080/",
        "HTTPS://Host.Example:443/a/b//",
        "http://127.0.0.1",
        "http://[::1]:80",
        "https://[2001:db8::1]:8443/x",
        "https://host:",
        "https://host:0",
        "https://host:65536",
        "https://user@host",
        "https://host/?q",
        "https://host/#f",
        "https://ho st",
        "https://",
        "ftp://host",
        "https://host/%20",
        "https://host/ä",
        "https://xn--hst-sna.example/",
        "https://a_b.example",
        "http://[::1",
        "https://[:]:1",
        "https://host:-1",
        "https://HOST.localhost",
    ]
    regions = [
        "us-east-1",
        "cn-north-1",
        "us-gov-west-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "eu-isoe-west-1",
        "us-isof-south-1",
        "aws-global",
        "a.b",
        "-a",
        "a" * 64,
        "123",
        "US-EAST-1",
    ]
    seeds = {f"url-{index:02}": b"@" + url.encode() for index, url in enumerate(urls)}
    for index, region in enumerate(regions):
        seeds[f"region-{index:02}"] = bytes([ord("A") + 2 * (index % 4)]) + region.encode()
    return seeds
