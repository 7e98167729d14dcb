// Moves objects with the transfer manager of the AWS SDK for Go, with its defaults: parts of 8 MiB, five at a time, CRC-32.
//
//	go-transfer ENDPOINT BUCKET up KEY FILE       uploads a file
//	go-transfer ENDPOINT BUCKET broken KEY FILE   uploads a file, of which reading fails before its end: this has to fail, too
//	go-transfer ENDPOINT BUCKET ranges KEY FILE   downloads into a file, by ranges
//	go-transfer ENDPOINT BUCKET parts KEY FILE    the same by the parts it was uploaded in
//
// Credentials and Region are AWS's environment variables. Exit code 1, with what is wrong: it failed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func main() {
	if len(os.Args) != 6 {
		fail(errors.New("unknown arguments"))
	}
	bucket, what, key, path := os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	manager := open(os.Args[1])
	var err error
	switch what {
	case "up":
		err = upload(manager, bucket, key, path, whole)
	case "broken":
		err = upload(manager, bucket, key, path, broken)
	case "ranges":
		err = download(manager, bucket, key, path, types.GetObjectRanges)
	case "parts":
		err = download(manager, bucket, key, path, types.GetObjectParts)
	default:
		err = errors.New("unknown arguments")
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func open(endpoint string) *transfermanager.Client {
	return transfermanager.New(s3.New(s3.Options{
		BaseEndpoint:     aws.String(endpoint),
		Region:           os.Getenv("AWS_REGION"),
		UsePathStyle:     true,
		RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
				SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
			}, nil
		}),
	}))
}

func upload(manager *transfermanager.Client, bucket, key, path string, body func(io.Reader) io.Reader) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = manager.UploadObject(context.Background(), &transfermanager.UploadObjectInput{
		Bucket: aws.String(bucket),
		Key:    aws.String(key),
		Body:   body(file),
	})
	return err
}

func whole(file io.Reader) io.Reader { return file }

// broken fails after a first part and a bit.
func broken(file io.Reader) io.Reader {
	return io.MultiReader(io.LimitReader(file, 9*1024*1024), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the source broke off") }

func download(manager *transfermanager.Client, bucket, key, path string, by types.GetObjectType) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = manager.DownloadObject(context.Background(), &transfermanager.DownloadObjectInput{
		Bucket:   aws.String(bucket),
		Key:      aws.String(key),
		WriterAt: file,
	}, func(options *transfermanager.Options) { options.GetObjectType = by })
	return errors.Join(err, file.Close())
}
