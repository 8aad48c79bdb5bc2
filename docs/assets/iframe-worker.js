// Browsers start no workers for pages from the disk: there the search runs in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.srcdoc = "<body></body>";
      this.ready = new Promise((resolve) => {
        this.frame.onload = () => this.load(address, resolve);
      });
      document.body.append(this.frame);
    }

    load(address, resolve) {
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => {
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        this.onmessage?.(event);
      };
      const script = inside.document.createElement("script");
      script.src = address;
      script.onload = () => resolve(inside);
      inside.document.body.append(script);
    }

    postMessage(data) {
      this.ready.then((inside) => {
        inside.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }));
      });
    }

    terminate() {
      this.frame.remove();
    }
  };
}
