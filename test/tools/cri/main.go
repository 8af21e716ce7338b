// SPDX-License-Identifier: Apache-2.0

// cri - one call of a container runtime, as kubelet makes it: reads the request as JSON on stdin, sends
// it to the runtime's socket, and prints the reply as JSON
//
//	cri SOCKET METHOD <REQUEST >REPLY
//
// METHOD is one of the services RuntimeService and ImageService. Exit status 1: the call failed, and stderr
// says how; 2: usage. gRPC's wire is an HTTP/2 POST and 5 bytes before each message
// (grpc/doc/PROTOCOL-HTTP2.md), for which Go's own library is enough.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	v1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const prefixSize = 5 // of a message: compressed or not, and 4 bytes of length

// find looks a method up in both services.
func find(name string) (protoreflect.MethodDescriptor, error) {
	services := v1.File_staging_src_k8s_io_cri_api_pkg_apis_runtime_v1_api_proto.Services()
	for i := range services.Len() {
		if method := services.Get(i).Methods().ByName(protoreflect.Name(name)); method != nil {
			return method, nil
		}
	}
	return nil, fmt.Errorf("the CRI has no method %s", name)
}

// newMessage gives an empty message of the type.
func newMessage(described protoreflect.MessageDescriptor) (proto.Message, error) {
	found, err := protoregistry.GlobalTypes.FindMessageByName(described.FullName())
	if err != nil {
		return nil, err
	}
	return found.New().Interface(), nil
}

// connect makes a client all of whose requests go to the socket, in HTTP/2 without TLS.
func connect(socket string) *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		Protocols: new(http.Protocols),
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: transport}
}

// status is the error that a reply ended with, or nil. One without a body has it in its header.
func status(response *http.Response) error {
	from := response.Trailer
	if response.Header.Get("Grpc-Status") != "" {
		from = response.Header
	}
	if code := from.Get("Grpc-Status"); code != "0" {
		message, err := url.PathUnescape(from.Get("Grpc-Message"))
		if err != nil {
			message = from.Get("Grpc-Message")
		}
		return fmt.Errorf("gRPC status %q: %s", code, message)
	}
	return nil
}

// exchange sends an encoded request and returns the encoded reply.
func exchange(client *http.Client, method protoreflect.MethodDescriptor, request []byte) ([]byte, error) {
	body := make([]byte, prefixSize, prefixSize+len(request))
	binary.BigEndian.PutUint32(body[1:], uint32(len(request)))
	body = append(body, request...)
	path := fmt.Sprintf("http://runtime/%s/%s", method.Parent().FullName(), method.Name())
	call, err := http.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	call.Header.Set("Content-Type", "application/grpc")
	call.Header.Set("Te", "trailers")
	response, err := client.Do(call)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	// The trailers are there once the body has been read.
	reply, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if err := status(response); err != nil {
		return nil, err
	}
	if len(reply) < prefixSize || reply[0] != 0 ||
		uint64(binary.BigEndian.Uint32(reply[1:])) != uint64(len(reply)-prefixSize) {
		return nil, fmt.Errorf("the reply of %d bytes is not one message", len(reply))
	}
	return reply[prefixSize:], nil
}

func run(socket, name string, in io.Reader, out io.Writer) error {
	method, err := find(name)
	if err != nil {
		return err
	}
	request, err := newMessage(method.Input())
	if err != nil {
		return err
	}
	reply, err := newMessage(method.Output())
	if err != nil {
		return err
	}
	given, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read stdin: %w", err)
	}
	if err := protojson.Unmarshal(given, request); err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	encoded, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	answer, err := exchange(connect(socket), method, encoded)
	if err != nil {
		return fmt.Errorf("%s at %s: %w", name, socket, err)
	}
	if err := proto.Unmarshal(answer, reply); err != nil {
		return fmt.Errorf("the reply: %w", err)
	}
	_, err = fmt.Fprintln(out, protojson.Format(reply))
	return err
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: cri SOCKET METHOD <REQUEST >REPLY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "cri: %v\n", err)
		os.Exit(1)
	}
}
