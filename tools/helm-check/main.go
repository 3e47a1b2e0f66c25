// Command helm-check renders a Helm chart and decodes each object strictly with the types of Kubernetes: an unknown or
// misspelled field, a wrong type or an API version that does not exist is an error. It needs no cluster.
//
//	helm-check CHART [VALUES.yaml ...]
//
// It prints the objects as one YAML stream. The values files are merged in their order over the chart's own.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: helm-check CHART [VALUES.yaml ...]")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(folder string, files []string) error {
	chart, err := loader.Load(folder)
	if err != nil {
		return err
	}
	merged := chartutil.Values{}
	for _, file := range files {
		values, err := chartutil.ReadValuesFile(file)
		if err != nil {
			return err
		}
		merged = chartutil.CoalesceTables(values, merged)
	}
	release := chartutil.ReleaseOptions{Name: "rx", Namespace: "rx", Revision: 1, IsInstall: true}
	// Checks values.schema.json, too.
	values, err := chartutil.ToRenderValues(chart, merged, release, chartutil.DefaultCapabilities)
	if err != nil {
		return err
	}
	rendered, err := (engine.Engine{Strict: true}).Render(chart, values)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(rendered))
	for name := range rendered {
		names = append(names, name)
	}
	sort.Strings(names)
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, name := range names {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		for _, text := range strings.Split(rendered[name], "\n---") {
			if strings.TrimSpace(strings.TrimPrefix(text, "---")) == "" {
				continue
			}
			if err := decode(decoder, text); err != nil {
				return fmt.Errorf("%s: %w\n%s", name, err, text)
			}
			fmt.Printf("---\n# %s\n%s\n", name, strings.TrimPrefix(strings.TrimSpace(text), "---"))
		}
	}
	return nil
}

func decode(decoder runtime.Decoder, text string) error {
	_, _, err := decoder.Decode([]byte(text), nil, nil)
	// Types of operators, such as ServiceMonitor, are none of Kubernetes' own.
	if runtime.IsNotRegisteredError(err) && strings.Contains(text, "monitoring.coreos.com") {
		return nil
	}
	return err
}
