import BedrockCore
import BedrockIO
import CBedrockStream

// A handle is the address of a Swift object that the caller holds one reference to. C sees a struct of one word, which
// is never read.

final class StreamHandle {
    let stream: Stream
    /// What `brs_stream_next` or `brs_client_next` fetches from; nil for a stream with callbacks.
    let pull: PullState?

    init(_ stream: Stream, _ pull: PullState?) {
        self.stream = stream
        self.pull = pull
    }
}

final class ClientHandle {
    let client: Client
    /// What `brs_client_next` fetches from; nil where streams are read one by one.
    let reader: BatchReader?

    init(_ client: Client, _ reader: BatchReader?) {
        self.client = client
        self.reader = reader
    }
}

final class ConfigHandle {
    let config = Config()
    /// What a client made with it calls.
    var host: HostCallback?
    var log: LogCallback?
}

/// Gives a reference to C.
func handOut<Object: AnyObject, Handle>(_ object: Object, as type: Handle.Type) -> UnsafeMutablePointer<Handle> {
    Unmanaged.passRetained(object).toOpaque().assumingMemoryBound(to: Handle.self)
}

/// The object of a handle, which C keeps.
func borrow<Object: AnyObject, Handle>(_ handle: UnsafePointer<Handle>?, as type: Object.Type) -> Object? {
    handle.map { Unmanaged<Object>.fromOpaque($0).takeUnretainedValue() }
}

func borrow<Object: AnyObject, Handle>(_ handle: UnsafeMutablePointer<Handle>?, as type: Object.Type) -> Object? {
    handle.map { Unmanaged<Object>.fromOpaque($0).takeUnretainedValue() }
}

/// Takes C's reference back.
func takeBack<Object: AnyObject, Handle>(_ handle: UnsafeMutablePointer<Handle>?, as type: Object.Type) -> Object? {
    handle.map { Unmanaged<Object>.fromOpaque($0).takeRetainedValue() }
}
