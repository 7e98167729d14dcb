"""Reads a bucket's log files with nothing of ours: boto3, gzip and json, then trailscraper. Prints one JSON object."""

import gzip
import json
import os
import sys
import tempfile

import boto3
from trailscraper.cloudtrail import LogFile

endpoint, region, access_key, secret_key, bucket = sys.argv[1:6]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name=region, aws_access_key_id=access_key, aws_secret_access_key=secret_key
)
files = []
with tempfile.TemporaryDirectory() as directory:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            key = found["Key"]
            if key.endswith("/"):
                continue
            answer = s3.get_object(Bucket=bucket, Key=key)
            body = answer["Body"].read()
            path = os.path.join(directory, os.path.basename(key))
            with open(path, "wb") as file:
                file.write(body)
            log = LogFile(path)
            files.append(
                {
                    "key": key,
                    "contentType": answer["ContentType"],
                    "contentEncoding": answer["ContentEncoding"],
                    "text": gzip.decompress(body).decode(),
                    "hasValidName": bool(log.has_valid_filename()),
                    "parsed": [[record.event_source, record.event_name] for record in log.records()],
                }
            )
json.dump(files, sys.stdout)
