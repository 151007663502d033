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

    /// Lets `brs_client_next` hand out its events again; false for a stream that is not read by that.
    func resumeReading() -> Bool {
        guard let queue = pull?.queue, let list = queue.readyList else { return false }
        if list.resume(queue) { stream.wakeReader() }
        return true
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

/// What C has a handle of; the compiler sees to it that a handle is taken for nothing else.
protocol Handled: AnyObject {
    associatedtype Handle
}

extension ClientHandle: Handled { typealias Handle = brs_client }
extension StreamHandle: Handled { typealias Handle = brs_stream }
extension ConfigHandle: Handled { typealias Handle = brs_config }
extension QuestionHandle: Handled { typealias Handle = brs_question }
extension BodyDecoder: Handled { typealias Handle = brs_decoder }
extension SignerState: Handled { typealias Handle = brs_signer }

/// Gives a reference to C.
func handOut<Object: Handled>(_ object: Object, as type: Object.Handle.Type) -> UnsafeMutablePointer<Object.Handle> {
    Unmanaged.passRetained(object).toOpaque().assumingMemoryBound(to: type)
}

/// The object of a handle, which C keeps.
func borrow<Object: Handled>(_ handle: UnsafePointer<Object.Handle>?, as type: Object.Type) -> Object? {
    handle.map { Unmanaged<Object>.fromOpaque($0).takeUnretainedValue() }
}

func borrow<Object: Handled>(_ handle: UnsafeMutablePointer<Object.Handle>?, as type: Object.Type) -> Object? {
    handle.map { Unmanaged<Object>.fromOpaque($0).takeUnretainedValue() }
}

/// Takes C's reference back.
func takeBack<Object: Handled>(_ handle: UnsafeMutablePointer<Object.Handle>?, as type: Object.Type) -> Object? {
    handle.map { Unmanaged<Object>.fromOpaque($0).takeRetainedValue() }
}
